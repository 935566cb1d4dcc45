package mox_test

import (
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
)

// BenchmarkValider validates a Sag of ordinary size. The raw figure looks at each of its values once.
func BenchmarkValider(b *testing.B) {
	r := nySag(b, map[string]string{
		"relationer.primaerklasse": "urn:oio:kle:02.34.02", "relationer.ejer": "urn:oio:cvr-nr:12345678", "relationer.ansvarlig": "urn:x:1",
		"relationer.primaerpart": "urn:oio:cpr-nr:0101010101", "relationer.andresager.0": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11",
		"relationer.journalpost.0": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12", "relationer.journalpost.0.journalpostkode": "tilakteretdokument",
		"relationer.journalpost.0.journaldokument.dokumenttitel": "Ansøgning", "egenskaber.hjemmel": "Byggeloven § 16",
	})
	sum := 0
	testenv.Measure(b, func() error {
		for _, l := range r.Attributter {
			for _, a := range l {
				for k, v := range a.Felter {
					sum += len(k) + len(v)
				}
			}
		}
		for _, l := range r.Relationer {
			for _, rel := range l {
				sum += len(rel.Reference.UUID) + len(rel.Reference.URN) + len(rel.Felter)
			}
		}
		return nil
	}, func() error { return r.Valider(mox.Sag) })
}

// BenchmarkBeskedValider checks the metadata of one besked. The raw figure reads each of them once.
func BenchmarkBeskedValider(b *testing.B) {
	besked := byggesag()
	sum := 0
	testenv.Measure(b, func() error {
		for _, f := range mox.Beskedfelter() {
			for _, v := range f.Hent(&besked) {
				sum += len(v)
			}
		}
		return nil
	}, besked.Valider)
}
