<?php
// A SoapClient that signs what it sends and verifies what it gets, with ext-dom and ext-openssl alone.

const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd';
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const X509 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3';
const BASE64 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

final class SignedClient extends SoapClient
{
    public string $sent = '';
    public string $received = '';
    /** @var string[] what the last answer's signature covers, as PARENT/NAME */
    public array $covered = [];

    /** Keys and certificates are PEM; $form says how the key information names the certificate. */
    public function __construct(string $wsdl, array $options, private string $key, private string $certificate,
        private string $bus, private string $form = 'token', private bool $indent = false)
    {
        parent::__construct($wsdl, $options);
    }

    #[\ReturnTypeWillChange]
    public function __doRequest($request, $location, $action, $version, $oneWay = false): string
    {
        $this->sent = $this->form === 'unsigned' ? $request : $this->signed($request);
        $this->received = parent::__doRequest($this->sent, $location, $action, $version, $oneWay) ?? '';
        $this->covered = $this->verified($this->received);
        return $this->received;
    }

    private function signed(string $request): string
    {
        $document = new DOMDocument();
        $document->preserveWhiteSpace = !$this->indent;
        $document->loadXML($request);
        if ($this->indent) {
            // Indented before it is signed: white space is signed with the rest.
            $document->formatOutput = true;
            $document->loadXML($document->saveXML());
            $document->formatOutput = false;
            $document->preserveWhiteSpace = true;
            $document->loadXML($document->saveXML());
        }
        $envelope = $document->documentElement;
        $soap = $envelope->namespaceURI;
        $find = fn (string $name): ?DOMElement => $document->getElementsByTagNameNS($soap, $name)->item(0);
        $header = $find('Header') ?? $envelope->insertBefore($document->createElementNS($soap, $envelope->prefix . ':Header'), $envelope->firstChild);
        $security = $header->appendChild($document->createElementNS(WSSE, 'wsse:Security'));
        $security->setAttributeNS($soap, $envelope->prefix . ':mustUnderstand', '1');
        $timestamp = $security->appendChild($document->createElementNS(WSU, 'wsu:Timestamp'));
        $timestamp->appendChild($document->createElementNS(WSU, 'wsu:Created', gmdate('Y-m-d\TH:i:s\Z')));
        $timestamp->appendChild($document->createElementNS(WSU, 'wsu:Expires', gmdate('Y-m-d\TH:i:s\Z', time() + 240)));

        $parts = [$find('Body'), $timestamp];
        foreach ($header->childNodes as $block) {
            if ($block instanceof DOMElement && $block !== $security) {
                $parts[] = $block;
            }
        }
        $key = openssl_pkey_get_private($this->key);
        $rsa = openssl_pkey_get_details($key)['type'] === OPENSSL_KEYTYPE_RSA;
        $signature = $security->appendChild($document->createElementNS(DS, 'ds:Signature'));
        $info = $signature->appendChild($document->createElementNS(DS, 'ds:SignedInfo'));
        $this->add($info, 'CanonicalizationMethod', EXCLUSIVE);
        $this->add($info, 'SignatureMethod', MORE . ($rsa ? 'rsa-sha256' : 'ecdsa-sha256'));
        foreach ($parts as $part) {
            $id = 'pfx' . bin2hex(random_bytes(16));
            $part->setAttributeNS(WSU, 'wsu:Id', $id);
            $reference = $info->appendChild($document->createElementNS(DS, 'ds:Reference'));
            $reference->setAttribute('URI', "#$id");
            $transforms = $reference->appendChild($document->createElementNS(DS, 'ds:Transforms'));
            $this->add($transforms, 'Transform', EXCLUSIVE);
            $this->add($reference, 'DigestMethod', SHA256);
            $digest = base64_encode(hash('sha256', $part->C14N(true, false), true));
            $reference->appendChild($document->createElementNS(DS, 'ds:DigestValue', $digest));
        }
        openssl_sign($info->C14N(true, false), $value, $key, OPENSSL_ALGO_SHA256);
        $value = $rsa ? $value : self::sideBySide($value, intdiv(openssl_pkey_get_details($key)['bits'] + 7, 8));
        $signature->appendChild($document->createElementNS(DS, 'ds:SignatureValue', base64_encode($value)));
        $this->name($document, $security, $signature->appendChild($document->createElementNS(DS, 'ds:KeyInfo')));
        return $document->saveXML();
    }

    private function add(DOMElement $parent, string $name, string $algorithm): void
    {
        $parent->appendChild($parent->ownerDocument->createElementNS(DS, "ds:$name"))->setAttribute('Algorithm', $algorithm);
    }

    /** Names the certificate in the KeyInfo. */
    private function name(DOMDocument $document, DOMElement $security, DOMElement $info): void
    {
        $der = preg_replace('/-----.*?-----|\s/', '', $this->certificate);
        $reference = $info->appendChild($document->createElementNS(WSSE, 'wsse:SecurityTokenReference'));
        if ($this->form === 'issuer-serial') {
            $facts = openssl_x509_parse($this->certificate);
            $names = [];
            foreach (array_reverse($facts['issuer']) as $type => $text) {
                $names[] = "$type=$text";
            }
            $data = $reference->appendChild($document->createElementNS(DS, 'ds:X509Data'));
            $both = $data->appendChild($document->createElementNS(DS, 'ds:X509IssuerSerial'));
            $both->appendChild($document->createElementNS(DS, 'ds:X509IssuerName', implode(',', $names)));
            $both->appendChild($document->createElementNS(DS, 'ds:X509SerialNumber', self::decimal($facts['serialNumberHex'])));
            return;
        }
        if ($this->form === 'ski') {
            $hex = openssl_x509_parse($this->certificate)['extensions']['subjectKeyIdentifier'];
            $value = base64_encode(hex2bin(str_replace(':', '', $hex)));
            $named = $reference->appendChild($document->createElementNS(WSSE, 'wsse:KeyIdentifier', $value));
            $named->setAttribute('EncodingType', BASE64);
            $named->setAttribute('ValueType', str_replace('X509v3', 'X509SubjectKeyIdentifier', X509));
            return;
        }
        $token = $security->insertBefore($document->createElementNS(WSSE, 'wsse:BinarySecurityToken', $der), $security->firstChild);
        $token->setAttribute('EncodingType', BASE64);
        $token->setAttribute('ValueType', X509);
        $token->setAttributeNS(WSU, 'wsu:Id', 'token');
        $direct = $reference->appendChild($document->createElementNS(WSSE, 'wsse:Reference'));
        $direct->setAttribute('URI', '#token');
        $direct->setAttribute('ValueType', X509);
    }

    /** @return string[] what is covered; throws where the signature does not hold or is not the bus's */
    private function verified(string $answer): array
    {
        $document = new DOMDocument();
        $document->loadXML($answer, LIBXML_NONET);
        $path = new DOMXPath($document);
        foreach (['wsse' => WSSE, 'wsu' => WSU, 'ds' => DS, 'ec' => EXCLUSIVE] as $prefix => $namespace) {
            $path->registerNamespace($prefix, $namespace);
        }
        $text = fn (string $where, DOMNode $from): string => (string) $path->evaluate("string($where)", $from);
        $signatures = $path->query('/*/*/wsse:Security/ds:Signature');
        if ($signatures->length !== 1) {
            throw new RuntimeException("{$signatures->length} signatures");
        }
        $signature = $signatures->item(0);
        $info = $path->query('ds:SignedInfo', $signature)->item(0);
        $pem = fn (string $base64): string => "-----BEGIN CERTIFICATE-----\n" . chunk_split($base64, 64, "\n") . "-----END CERTIFICATE-----\n";
        $token = $pem($text('../wsse:BinarySecurityToken', $signature));
        if (openssl_x509_fingerprint($token, 'sha256') !== openssl_x509_fingerprint($this->bus, 'sha256')) {
            throw new RuntimeException("signed with another certificate than the bus's");
        }
        $value = base64_decode($text('ds:SignatureValue', $signature));
        $ecdsa = $text('ds:SignatureMethod/@Algorithm', $info) === MORE . 'ecdsa-sha256';
        $held = openssl_verify($info->C14N(true, false), $ecdsa ? self::inDer($value) : $value, $this->bus, OPENSSL_ALGO_SHA256);
        if ($held !== 1) {
            throw new RuntimeException('the signature does not hold');
        }
        $covered = [];
        foreach ($path->query('ds:Reference', $info) as $reference) {
            $parts = $path->query('//*[@wsu:Id="' . substr($reference->getAttribute('URI'), 1) . '"]');
            $part = $parts->item(0);
            // A fault's code is a name with a prefix: the list says that the prefix's namespace is signed too.
            $prefixes = preg_split('/ +/', $text('.//ec:InclusiveNamespaces/@PrefixList', $reference), -1, PREG_SPLIT_NO_EMPTY);
            if ($parts->length !== 1 || hash('sha256', $part->C14N(true, false, null, $prefixes), true) !== base64_decode($text('ds:DigestValue', $reference))) {
                throw new RuntimeException('a part was changed');
            }
            $covered[] = $part->parentNode->localName . '/' . $part->localName;
        }
        return $covered;
    }

    /** An ECDSA value as XML Signature writes it, r and s side by side, from the DER that OpenSSL makes. */
    private static function sideBySide(string $der, int $size): string
    {
        $at = ord($der[1]) & 0x80 ? 3 : 2;
        $out = '';
        for ($n = 0; $n < 2; $n++) {
            $length = ord($der[$at + 1]);
            $out .= str_pad(ltrim(substr($der, $at + 2, $length), "\0"), $size, "\0", STR_PAD_LEFT);
            $at += 2 + $length;
        }
        return $out;
    }

    /** The other way round. */
    private static function inDer(string $value): string
    {
        $out = '';
        foreach (str_split($value, intdiv(strlen($value), 2)) as $number) {
            $number = ltrim($number, "\0");
            $number = ord($number[0]) & 0x80 ? "\0$number" : $number;
            $out .= "\x02" . chr(strlen($number)) . $number;
        }
        return "\x30" . (strlen($out) > 127 ? "\x81" : '') . chr(strlen($out)) . $out;
    }

    private static function decimal(string $hex): string
    {
        $digits = [0];
        foreach (str_split($hex) as $nibble) {
            $carry = hexdec($nibble);
            foreach ($digits as &$digit) {
                $carry += $digit * 16;
                $digit = $carry % 10;
                $carry = intdiv($carry, 10);
            }
            unset($digit);
            for (; $carry > 0; $carry = intdiv($carry, 10)) {
                $digits[] = $carry % 10;
            }
        }
        return implode('', array_reverse($digits));
    }
}
