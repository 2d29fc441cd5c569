//! What quinn-server and quinn-client have in common.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

#[path = "../../cli.rs"]
pub mod cli;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The name that quinn's examples give to HTTP/0.9.
pub const LEGACY: &str = "hq-29";

/// A qlog file of its own in QLOGDIR for a connection, when that is set.
pub fn log(transport: &mut quinn::TransportConfig, role: &str) -> Result<()> {
    if let Some(dir) = std::env::var_os("QLOGDIR") {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let file = File::create(Path::new(&dir).join(format!("{role}-{now}.qlog")))?;
        let mut config = quinn::QlogConfig::default();
        config.writer(Box::new(file)).title(Some(format!("quinn {role}")));
        transport.qlog_stream(config.into_stream());
    }
    Ok(())
}

/// The certificates of a file in PEM or DER.
pub fn certificates(path: &str) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>> {
    use rustls::pki_types::{pem::PemObject, CertificateDer};
    let bytes = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
    if !bytes.starts_with(b"-----") {
        return Ok(vec![CertificateDer::from(bytes)]);
    }
    let all: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    all.map_err(|e| format!("{path}: {e}").into())
}
