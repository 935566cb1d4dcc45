package oio

import (
	"net/mail"
	"strings"

	"github.com/moxkit/mox"
)

// emailtype is the objekttype of an address that is an e-mail.
const emailtype = "email"

// Mailadresse is the e-mail of a Bruger as read at one time: the first of its adresser of objekttype email, behind the last
// colon of its URN. [mox.KodeIkkeFundet] where there is none that a mail can be sent to. spec: oio 97
func Mailadresse(bruger mox.Registrering) (string, error) {
	for _, rel := range bruger.Relationer["adresser"] {
		if !strings.EqualFold(rel.ObjektType, emailtype) {
			continue
		}
		urn := rel.Reference.URN
		a, err := mail.ParseAddress(urn[strings.LastIndexByte(urn, ':')+1:])
		if err != nil || a.Name != "" {
			break
		}
		return a.Address, nil
	}
	return "", mox.E("mailadresse", mox.KodeIkkeFundet, "Brugeren har ingen mailadresse").
		Med("skriv den blandt Brugerens adresser: objekttype email og urn:mailto:navn@kommune.dk")
}
