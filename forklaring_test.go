package mox_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/moxkit/mox"
)

func TestFilterForklar(t *testing.T) {
	t.Parallel()
	b := mox.Besked{ID: "urn:x:1", ObjektType: mox.Sag, LivscyklusKode: mox.Rettet, Opgaveemne: "02.34.02",
		Relateret: []mox.Relateret{{Rolle: "primaerpart", ID: "urn:oio:cpr-nr:3213990000"}}}.MedStandard()
	for kilde, vil := range map[string]string{
		`{"objekttype":"Sag","opgaveemne":"27.*"}`:                             "false objekttype=ja[Sag] opgaveemne=nej[02.34.02]",
		`{"objekttype":"Sag","opgaveemne":"02.*"}`:                             "true objekttype=ja[Sag] opgaveemne=ja[02.34.02]",
		`{"myndighed":"urn:oio:cvr-nr:29189803"}`:                              "false myndighed=ukendt[]",
		`{"ikke":{"myndighed":"urn:oio:cvr-nr:29189803"}}`:                     "false !ikke.myndighed=ukendt[]",
		`{"ikke":{"ikke":{"objekttype":"Sag"}}}`:                               "true ikke.ikke.objekttype=ja[Sag]",
		`{"en af":[{"objekttype":"Dokument"},{"livscykluskode":["Rettet"]}]}`:  "true en af[0].objekttype=nej[Sag] en af[1].livscykluskode=ja[Rettet]",
		`{"alle":[{"procesID":{"findes":false}}]}`:                             "true alle[0].procesID=ja[]",
		`{"relateret.primaerpart":"urn:oio:cpr-nr:3213990000"}`:                "true relateret.primaerpart=ja[]",
		`{"registreringstid":{"fra":"2026-01-01T00:00:00Z"},"beskedtype":"x"}`: "false beskedtype=nej[Sag.Rettet] registreringstid=ukendt[]",
	} {
		var f mox.Filter
		if err := json.Unmarshal([]byte(kilde), &f); err != nil {
			t.Fatalf("%s: %v", kilde, err)
		}
		passer, l := f.Forklar(b.Metadata())
		got := fmt.Sprint(passer)
		for _, x := range l {
			ikke := ""
			if x.Under {
				ikke = "!"
			}
			got += fmt.Sprintf(" %s%s=%s%v", ikke, x.Sti, x.Svar, x.Har)
		}
		if got != vil {
			t.Errorf("%s\n got %s\nwant %s", kilde, got, vil)
		}
	}
	if passer, l := (mox.Filter{}).Forklar(b.Metadata()); !passer || len(l) != 0 {
		t.Errorf("%v %v", passer, l)
	}
}
