# What SOAP::Lite lacks: a serializer that signs and a deserializer that verifies, with XML::LibXML and CryptX.
package Signed;
use strict;
use warnings;
use Crypt::PK::ECC;
use Crypt::PK::RSA;
use Digest::SHA qw(sha256);
use Encode qw(encode_utf8);
use MIME::Base64 qw(decode_base64 encode_base64);
use POSIX qw(strftime);
use XML::LibXML;

our %NS = (
    wsse => 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd',
    wsu  => 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd',
    ds   => 'http://www.w3.org/2000/09/xmldsig#',
    ec   => 'http://www.w3.org/2001/10/xml-exc-c14n#',
);
my $X509   = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3';
my $BASE64 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';
my $MORE   = 'http://www.w3.org/2001/04/xmldsig-more#';
my $SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

our %with;       # rsa, key, certificate (base64 of the DER), bus (the same of the bus's), bus_key
our $sent = '';
our @covered;

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!\n";
    local $/;
    return <$file>;
}

# Files are PEM. The kind is "rsa" or "ecdsa".
sub configure {
    my ($kind, $key, $certificate, $bus, $bus_key) = @_;
    my $der = sub { my $text = slurp(shift); $text =~ s/-----.*?-----|\s//g; $text };
    %with = (rsa => $kind eq 'rsa', key => $key, certificate => $der->($certificate), bus => $der->($bus), bus_key => $bus_key);
}

# The octets of an element's canonical form; XML::LibXML gives characters.
sub canonical {
    my ($element, @prefixes) = @_;
    return encode_utf8($element->toStringEC14N(0, undef, \@prefixes));
}

sub element {
    my ($parent, $name, $text, %attributes) = @_;
    my ($prefix) = split /:/, $name;
    my $made = $parent->addNewChild($NS{$prefix}, $name);
    $made->appendText($text) if length $text;
    $made->setAttribute($_, $attributes{$_}) for sort keys %attributes;
    return $made;
}

# Signs an envelope (octets); returns octets.
sub sign {
    my ($octets) = @_;
    my $document = XML::LibXML->load_xml(string => $octets, no_network => 1);
    my $envelope = $document->documentElement;
    my ($soap, $prefix) = ($envelope->namespaceURI, $envelope->prefix);
    my ($body) = $envelope->getChildrenByTagNameNS($soap, 'Body');
    my ($header) = $envelope->getChildrenByTagNameNS($soap, 'Header');
    if (!$header) {
        $header = $document->createElementNS($soap, "$prefix:Header");
        $envelope->insertBefore($header, $body);
    }
    my @parts = ($body, $header->nonBlankChildNodes);
    my $security = element($header, 'wsse:Security', '');
    $security->setAttributeNS($soap, "$prefix:mustUnderstand", '1');
    element($security, 'wsse:BinarySecurityToken', $with{certificate}, EncodingType => $BASE64, ValueType => $X509)
        ->setAttributeNS($NS{wsu}, 'wsu:Id', 'Token');
    my $timestamp = element($security, 'wsu:Timestamp', '');
    element($timestamp, 'wsu:Created', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime));
    element($timestamp, 'wsu:Expires', strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time + 240)));
    my $signature = element($security, 'ds:Signature', '');
    my $info = element($signature, 'ds:SignedInfo', '');
    element($info, 'ds:CanonicalizationMethod', '', Algorithm => $NS{ec});
    element($info, 'ds:SignatureMethod', '', Algorithm => $MORE . ($with{rsa} ? 'rsa-sha256' : 'ecdsa-sha256'));
    my $number = 0;
    for my $part (@parts, $timestamp) {
        my $id = 'Part-' . ++$number;
        $part->setAttributeNS($NS{wsu}, 'wsu:Id', $id);
        my $reference = element($info, 'ds:Reference', '', URI => "#$id");
        element(element($reference, 'ds:Transforms', ''), 'ds:Transform', '', Algorithm => $NS{ec});
        element($reference, 'ds:DigestMethod', '', Algorithm => $SHA256);
        element($reference, 'ds:DigestValue', encode_base64(sha256(canonical($part)), ''));
    }
    # RFC 7518 writes an ECDSA value as XML Signature does, r and s side by side.
    my $value = $with{rsa}
        ? Crypt::PK::RSA->new($with{key})->sign_message(canonical($info), 'SHA256', 'v1.5')
        : Crypt::PK::ECC->new($with{key})->sign_message_rfc7518(canonical($info), 'SHA256');
    element($signature, 'ds:SignatureValue', "\n" . encode_base64($value));
    my $reference = element(element($signature, 'ds:KeyInfo', ''), 'wsse:SecurityTokenReference', '');
    element($reference, 'wsse:Reference', '', URI => '#Token', ValueType => $X509);
    return $document->toString;
}

# Verifies an answer (octets); dies where the signature does not hold or is not the bus's.
sub verify {
    my ($octets) = @_;
    my $path = XML::LibXML::XPathContext->new(XML::LibXML->load_xml(string => $octets, no_network => 1));
    $path->registerNs($_, $NS{$_}) for keys %NS;
    my @signatures = $path->findnodes('/*/*/wsse:Security/ds:Signature');
    die @signatures . " signatures\n" if @signatures != 1;
    my ($info) = $path->findnodes('ds:SignedInfo', $signatures[0]);
    die "signed with another certificate than the bus's\n"
        if $path->findvalue('../wsse:BinarySecurityToken', $signatures[0]) ne $with{bus};
    my $value = decode_base64($path->findvalue('ds:SignatureValue', $signatures[0]));
    my $ecdsa = $path->findvalue('ds:SignatureMethod/@Algorithm', $info) eq "${MORE}ecdsa-sha256";
    my $octets_of_info = canonical($info);
    my $held = $ecdsa
        ? Crypt::PK::ECC->new($with{bus_key})->verify_message_rfc7518($value, $octets_of_info, 'SHA256')
        : Crypt::PK::RSA->new($with{bus_key})->verify_message($value, $octets_of_info, 'SHA256', 'v1.5');
    die "the signature does not hold\n" if !$held;
    @covered = ();
    for my $reference ($path->findnodes('ds:Reference', $info)) {
        my $id = substr $reference->getAttribute('URI'), 1;
        my @parts = $path->findnodes("//*[\@wsu:Id='$id']");
        my @prefixes = split ' ', $path->findvalue('.//ec:InclusiveNamespaces/@PrefixList', $reference);
        my $digest = encode_base64(sha256(canonical($parts[0], @prefixes)), '');
        die "a part was changed\n" if @parts != 1 || $digest ne $path->findvalue('ds:DigestValue', $reference);
        push @covered, $parts[0]->parentNode->localname . '/' . $parts[0]->localname;
    }
    return;
}

package Signed::Serializer;
our @ISA = ('SOAP::Serializer');

sub envelope {
    my $envelope = shift->SUPER::envelope(@_);
    return $Signed::sent = $Signed::with{unsigned} ? $envelope : Signed::sign($envelope);
}

package Signed::Deserializer;
our @ISA = ('SOAP::Deserializer');

sub deserialize {
    my ($self, $answer) = @_;
    Signed::verify($answer);
    return $self->SUPER::deserialize($answer);
}

1;
