package rest_test

import (
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/carrier/pull"
	"github.com/moxkit/mox/klient"
)

// TestMailadresse lets an agent on another machine find the address of a Bruger, as one inside MOX does. spec: oio 97
func TestMailadresse(t *testing.T) {
	paaBegge(t, func(h *hus) {
		bruger := func(adresser string) string {
			return h.kald("POST", "/organisation/bruger", `{"attributter":{"brugeregenskaber":[{"brugervendtnoegle":"hanne",`+altid+`}]},"tilstande":{"brugergyldighed":[{"gyldighed":"Aktiv",`+altid+`}]},
				"relationer":{"adresser":[`+adresser+`]}}`).vil(201).paa("uuid")
		}
		hanne := bruger(`{"urn":"urn:tlf:12345678","objekttype":"telefon",` + altid + `},{"urn":"urn:mailto:hanne@kommune.dk","objekttype":"email",` + altid + `}`)
		uden := bruger(`{"urn":"urn:mailto:hanne","objekttype":"email",` + altid + `}`)
		fjern, err := pull.NewKlient(h.http.URL, "noegle", klient.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer fjern.Luk()
		h.hvem = auth.Identitet{Navn: "post", Rolle: auth.Laeser}
		for _, c := range []struct {
			bruger, adresse string
			kode            mox.Kode
		}{{hanne, "hanne@kommune.dk", ""}, {uden, "", mox.KodeIkkeFundet}, {mox.NyUUID(), "", mox.KodeIkkeFundet}, {"urn:x", "", mox.KodeUgyldig}} {
			adresse, err := fjern.Mailadresse(h.Context(), "post.advis", c.bruger)
			if adresse != c.adresse || mox.KodeAf(err) != c.kode {
				t.Errorf("%s: %q, %v", c.bruger, adresse, err)
			}
		}
		h.hvem = auth.Lokal()
		h.kald("DELETE", "/organisation/bruger/"+hanne, "").vil(202)
		if _, err := fjern.Mailadresse(h.Context(), "post.advis", hanne); mox.KodeAf(err) != mox.KodeSlettet {
			t.Error(err)
		}
	})
}
