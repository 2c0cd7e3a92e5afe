# SOAP::Lite on the published WSDL. Arguments: WSDL, SOAP version, the bus's certificate and public key; then calls, each
# KIND:KEY:CERTIFICATE:OPTIONS. Writes JSON.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use SOAP::Lite;
use Signed;

my ($wsdl, $version, $bus, $bus_key, @calls) = @ARGV;
my $wsa = 'http://www.w3.org/2005/08/addressing';
my $services = SOAP::Schema->new(schema_url => $wsdl)->parse->services;
my ($operations) = values %$services;
my $operation = $operations->{GetPerson};
my @said;
# For the whole process, and before a serializer is made: that one would keep the namespaces of SOAP 1.1.
SOAP::Lite->soapversion($version);
for my $call (@calls) {
    my ($kind, $key, $certificate, $options) = split /:/, $call;
    Signed::configure($kind, $key, $certificate, $bus, $bus_key);
    $Signed::with{unsigned} = $options =~ /unsigned/;
    my $client = SOAP::Lite->new(
        proxy => $operation->{endpoint}->value,
        serializer => Signed::Serializer->new,
        deserializer => Signed::Deserializer->new,
        default_ns => 'urn:example:person',
    );
    $client->on_action(sub { '"' . $operation->{soapaction}->value . '"' });
    $client->autotype(0);
    # SOAP 1.2 has no encodingStyle on the Envelope (part 1, 5.1.1).
    $client->serializer->encodingStyle('');
    my @headers = $options =~ /addressing/
        ? map { SOAP::Header->name("wsa:$_->[0]", $_->[1])->attr({'xmlns:wsa' => $wsa}) }
            (['Action', 'urn:example:GetPerson'], ['MessageID', "urn:x:$kind-$version-" . time . rand])
        : ();
    my $answer = $client->call('GetPerson', SOAP::Data->name(fin => '5ABC123'), SOAP::Data->name(remark => $options), @headers);
    my %said = (covered => [@Signed::covered], sent => $Signed::sent);
    if ($answer->fault) {
        # SOAP::Lite's faultcode, faultstring and faultdetail know SOAP 1.1's names only.
        my @paths = $version eq '1.1' ? ('faultcode', 'faultstring', 'detail') : ('Code/Subcode/Value', 'Reason/Text', 'Detail');
        my ($code, $reason, $detail) = map { $answer->valueof("//Body/Fault/$_") } @paths;
        %said = (%said, faultcode => $code, reason => $reason, code => $detail->{Fault}{code});
    } else {
        $said{surname} = $answer->result->{surname};
    }
    push @said, \%said;
}
print JSON::PP->new->ascii->encode({operations => [sort keys %$operations], said => \@said});
