/* gSOAP: a client generated from the WSDL asks without a signature. Writes the fault's parts, one a line. */
#include <stdio.h>
#include "soapH.h"
#include "PersonsSoap11.nsmap"

int main(void) {
    struct soap *soap = soap_new();
    struct _ns2__GetPerson question = {0};
    struct _ns2__GetPersonResponse answer = {0};
    question.fin = "5ABC123";
    if (soap_call___ns1__GetPerson(soap, NULL, NULL, &question, &answer) == SOAP_OK) {
        return 1;
    }
    soap_set_fault(soap);
    printf("%s\n%s\n%s\n", *soap_faultcode(soap), *soap_faultstring(soap), *soap_faultdetail(soap));
    return 0;
}
