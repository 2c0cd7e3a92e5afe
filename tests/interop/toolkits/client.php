<?php
// PHP's ext-soap: imports a WSDL and asks without a signature. Arguments: WSDL, SOAP version (1 or 2). Writes JSON.
$client = new SoapClient($argv[1], ['cache_wsdl' => WSDL_CACHE_NONE, 'soap_version' => (int) $argv[2]]);
$out = ['operations' => $client->__getFunctions()];
try {
    $client->GetPerson(['fin' => '5ABC123']);
} catch (SoapFault $fault) {
    $out += ['faultcode' => $fault->faultcode, 'faultstring' => $fault->faultstring, 'code' => $fault->detail->Fault->code];
}
echo json_encode($out);
