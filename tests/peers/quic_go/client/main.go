// quic-go-client: fetch URLs over HTTP/3 with quic-go and save them.
//
// The options are those of quic-go's example client. That one keeps nothing of
// what arrives; this one saves it in the directory that DOWNLOADS names, when
// that is set. Exit code 1 when a URL did not arrive whole with status 200.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/qlog"
)

var (
	quiet  = flag.Bool("q", false, "say the size only, print no body")
	keyLog = flag.String("keylog", os.Getenv("SSLKEYLOGFILE"),
		"append TLS secrets to this `file`")
	insecure = flag.Bool("insecure", false, "trust every certificate")
	caFile   = flag.String("ca", "",
		"trust the authorities in this PEM `file` instead of the system's")
	output = os.Getenv("DOWNLOADS")
)

// name is the file that a URL is saved as.
func name(u *url.URL) string {
	base := path.Base(path.Clean("/" + u.Path))
	if base == "/" {
		return "index.html"
	}
	return base
}

// sink is where the body of a URL goes.
func sink(u *url.URL) (io.WriteCloser, error) {
	switch {
	case output != "":
		return os.Create(filepath.Join(output, name(u)))
	case *quiet:
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	}
	return os.OpenFile("/dev/stdout", os.O_WRONLY|os.O_APPEND, 0)
}

func fetch(client *http.Client, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	answer, err := client.Get(address)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	to, err := sink(u)
	if err != nil {
		return err
	}
	n, err := io.Copy(to, answer.Body)
	err = errors.Join(err, to.Close())
	log.Printf("%s: %s %s, %d bytes", address, answer.Proto, answer.Status, n)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, answer.Status)
	}
	return err
}

func tlsConfig() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: *insecure}
	if *caFile != "" {
		pem, err := os.ReadFile(*caFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: no certificate in it", *caFile)
		}
	}
	if *keyLog != "" {
		file, err := os.OpenFile(*keyLog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		config.KeyLogWriter = file
	}
	return config, nil
}

func main() {
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	config, err := tlsConfig()
	if err != nil {
		log.Fatal(err)
	}
	transport := &http3.Transport{
		TLSClientConfig: config,
		QUICConfig: &quic.Config{
			Tracer: qlog.DefaultConnectionTracer,
		},
	}
	client := &http.Client{Transport: transport}

	failed := make([]error, flag.NArg())
	var wg sync.WaitGroup
	for i, address := range flag.Args() {
		wg.Go(func() { failed[i] = fetch(client, address) })
	}
	wg.Wait()
	// The qlog file is complete when the connection has ended.
	transport.Close()
	if err := errors.Join(failed...); err != nil {
		log.Fatal(err)
	}
}
