# Perl's SOAP::Lite: imports a WSDL and asks without a signature. Argument: WSDL. Writes the fault's parts, one a line.
use strict;
use warnings;
use SOAP::Lite;

my $service = SOAP::Lite->service($ARGV[0]);
$service->on_fault(sub {
    my (undef, $answer) = @_;
    die "no SOAP fault came back\n" unless ref $answer;
    print join("\n", $answer->faultcode, $answer->faultstring, $answer->faultdetail->{Fault}{code}), "\n";
    exit 0;
});
$service->GetPerson('5ABC123');
die "the bus answered an unsigned request\n";
