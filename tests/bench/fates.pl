#!/usr/bin/perl
# fates.pl: what a link did to N datagrams that flow blast numbered from 1, out of the lines of flow
# count (number, ns on its way, ns when it came), against what the link was told. One line:
# values, and the chi-square of their distribution with the value that chance exceeds once in 1000.
#   loss N P FILE              share that is lost; numbers from one loss to the next
#   bursts N P R FILE          the same of Gilbert's model; numbers lost in a row
#   delay MS DEVIATION FILE LOG   measured; of the log (departure - arrival) the distribution
#   rate MBIT LENGTH N FILE    of the first N: Mbit/s, and what the spaces between them are
use strict;
use warnings;

my ($mode, @arg) = @ARGV;
# Of chi-square with so many degrees of freedom, the upper 0.1 %.
my @most = (0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32, 26.12, 27.88);

sub lines {
	open(my $f, '<', $_[0]) or die "$_[0]: $!";
	return map { [split] } <$f>;
}

sub mean_deviation {
	my ($sum, $squares) = (0, 0);
	$sum += $_ for @_;
	my $mean = $sum / @_;
	$squares += ($_ - $mean)**2 for @_;
	return ($mean, sqrt($squares / @_));
}

# Counts against what is expected of them. Exit 1: it is beyond chance.
sub chi_square {
	my ($seen, $expected) = @_;
	my $x = 0;
	die "no distribution of these" if @$seen < 2 || @$seen != @$expected;
	$x += ($seen->[$_] - $expected->[$_])**2 / $expected->[$_] for 0 .. $#$seen;
	printf "chi-square %.2f of %d degrees, at most %.2f\n", $x, $#$seen, $most[$#$seen];
	exit($x > $most[$#$seen]);
}

# Are these (from 1 on) as the tries are until one of chance p comes?
sub geometric {
	my ($p, @v) = @_;
	my (@edge, @seen, @expected);
	for my $i (1 .. 9) {
		my $to = int(log(1 - $i / 10) / log(1 - $p) + 0.5);
		push @edge, $to if $to >= 1 && (!@edge || $to > $edge[-1]);
	}
	my $below = 0;
	for my $to (@edge, 'inf') {
		my $share = $to eq 'inf' ? 1 : 1 - (1 - $p)**$to;
		push @expected, ($share - $below) * @v;
		push @seen, 0;
		$below = $share;
	}
	for my $n (@v) {
		my $i = 0;
		$i++ while $i < @edge && $n > $edge[$i];
		$seen[$i]++;
	}
	chi_square(\@seen, \@expected);
}

# Numbers up to n that are not there.
sub lost {
	my ($n, $file) = @_;
	my %came = map { $_->[0] => 1 } lines($file);
	return grep { !$came{$_} } 1 .. $n;
}

if ($mode eq 'loss') {
	my ($n, $p, $file) = @arg;
	my @lost = lost($n, $file);
	my $z = (@lost - $n * $p) / sqrt($n * $p * (1 - $p));
	printf "%.5f %.5f, %.2f standard deviations off, ", @lost / $n, $p, $z;
	geometric($p, map { $lost[$_] - $lost[$_ - 1] } 1 .. $#lost);
} elsif ($mode eq 'bursts') {
	my ($n, $p, $r, $file) = @arg;
	my @lost = lost($n, $file);
	my @burst;
	for my $i (0 .. $#lost) {
		if ($i > 0 && $lost[$i] == $lost[$i - 1] + 1) { $burst[-1]++ }
		else { push @burst, 1 }
	}
	my ($mean) = mean_deviation(@burst);
	printf "%.5f %.5f, in a row %.3f for %.3f, ", @lost / $n, $p / ($p + $r), $mean, 1 / $r;
	geometric($r, @burst);
} elsif ($mode eq 'delay') {
	my ($ms, $deviation, $file, $log) = @arg;
	my ($mean, $measured) = mean_deviation(map { $_->[1] / 1e6 } lines($file));
	printf "%.4f %.4f ", $mean, $measured;
	# Tenths of the normal distribution.
	my @edge = (-1.28155, -0.84162, -0.52440, -0.25335, 0, 0.25335, 0.52440, 0.84162, 1.28155);
	my (@seen, $n);
	@seen = (0) x 10;
	open(my $f, '<', $log) or die "$log: $!";
	while (<$f>) {
		/"direction":"up".*"arrival":([\d.]+),"departure":([\d.]+)/ or next;
		my ($x, $i) = ((($2 - $1) * 1e3 - $ms) / $deviation, 0);
		$i++ while $i < @edge && $x > $edge[$i];
		$seen[$i]++;
		$n++;
	}
	chi_square(\@seen, [($n / 10) x 10]);
} elsif ($mode eq 'rate') {
	my ($mbit, $length, $n, $file) = @arg;
	my @v = lines($file);
	die "only " . @v . " datagrams" if @v < $n;
	my ($mean, $deviation) =
	    mean_deviation(map { ($v[$_][2] - $v[$_ - 1][2]) / 1e3 } 1 .. $n - 1);
	printf "%.5f %.3f %.3f %.3f\n", $length * 8 / $mean, $mean, $length * 8 / $mbit,
	    $deviation;
} else {
	exit 3;
}
