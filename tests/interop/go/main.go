// A Go client: the types and calls that gowsdl generates from the published WSDL, over an HTTP client that signs and
// verifies with goxmldsig's canonicalization and the standard library's keys.
//
// Arguments: the bus's certificate; its URL; then calls, each NAME:KEY:CERTIFICATE. Writes JSON.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"strings"

	"github.com/hooklift/gowsdl/soap"
	"shluz.example/interop/persons"
)

type said struct {
	Surname string   `json:"surname"`
	Code    string   `json:"code"`
	Reason  string   `json:"reason"`
	Covered []string `json:"covered"`
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	block, _ := pem.Decode(text)
	bus, err := x509.ParseCertificate(block.Bytes)
	check(err)
	out := map[string]said{}
	for _, call := range os.Args[3:] {
		words := strings.Split(call, ":")
		pair, err := tls.LoadX509KeyPair(words[2], words[1])
		check(err)
		wire := &signedClient{pair: pair, bus: bus, unsigned: strings.Contains(words[0], "unsigned")}
		service := persons.NewPersons(soap.NewClient(os.Args[2], soap.WithHTTPClient(wire)))
		fin := persons.Fin("5ABC123")
		one := said{}
		answer, err := service.GetPerson(&persons.GetPerson{Fin: &fin, Remark: words[0]})
		var fault *soap.SOAPFault
		if errors.As(err, &fault) {
			one.Code, one.Reason = fault.Code, fault.String
		} else {
			check(err)
			one.Surname = answer.Person.Surname
		}
		one.Covered = wire.covered
		out[words[0]] = one
	}
	check(json.NewEncoder(os.Stdout).Encode(out))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
