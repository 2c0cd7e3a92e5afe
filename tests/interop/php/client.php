<?php
// Reads calls as JSON from stdin, writes what came of each as JSON to stdout.
require __DIR__ . '/SignedClient.php';

$task = json_decode(file_get_contents('php://stdin'), true);
$out = [];
foreach ($task['calls'] as $name => $call) {
    $options = ['cache_wsdl' => WSDL_CACHE_NONE, 'soap_version' => $call['version'], 'keep_alive' => $call['keepAlive'], 'exceptions' => true];
    if ($call['gzip']) {
        $options['compression'] = SOAP_COMPRESSION_ACCEPT | SOAP_COMPRESSION_GZIP;
    }
    $client = new SignedClient($call['wsdl'], $options, file_get_contents($call['key']), file_get_contents($call['certificate']),
        file_get_contents($task['bus']), $call['form'], $call['indent']);
    if ($call['addressing']) {
        $wsa = 'http://www.w3.org/2005/08/addressing';
        $client->__setSoapHeaders([
            new SoapHeader($wsa, 'Action', 'urn:example:GetPerson', true),
            new SoapHeader($wsa, 'MessageID', 'urn:uuid:' . bin2hex(random_bytes(16))),
            new SoapHeader($wsa, 'To', explode('?', $call['wsdl'])[0], true),
        ]);
    }
    $said = ['operations' => $client->__getFunctions()];
    try {
        $said['surname'] = $client->GetPerson(['fin' => '5ABC123', 'remark' => $name])->person->surname;
    } catch (SoapFault $fault) {
        $said += ['faultcode' => $fault->faultcode, 'subcode' => $fault->faultcodens ?? '', 'reason' => $fault->getMessage(), 'code' => $fault->detail->Fault->code ?? ''];
    }
    $out[$name] = $said + ['covered' => $client->covered, 'sent' => base64_encode($client->sent), 'received' => base64_encode($client->received)];
}
echo json_encode($out);
