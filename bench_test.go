package mox_test

import (
	"testing"
	"time"

	"github.com/moxkit/mox"
)

// raaTid is how long f takes: the same work without our code, measured in the same run.
func raaTid(b *testing.B, f func()) time.Duration {
	b.Helper()
	const gange = 2000
	f()
	start := time.Now()
	for range gange {
		f()
	}
	return time.Since(start) / gange
}

// meldMod reports the benchmark beside its raw figure.
func meldMod(b *testing.B, raa time.Duration) {
	b.Helper()
	vores := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(1e9/float64(vores), "op/s")
	b.ReportMetric(float64(raa), "raw-ns/op")
	b.ReportMetric(float64(vores)/float64(raa), "x-raw")
}

// BenchmarkValider validates a Sag of ordinary size. The raw figure looks at each of its values once.
func BenchmarkValider(b *testing.B) {
	r := nySag(b, map[string]string{
		"relationer.primaerklasse": "urn:oio:kle:02.34.02", "relationer.ejer": "urn:oio:cvr-nr:12345678", "relationer.ansvarlig": "urn:x:1",
		"relationer.primaerpart": "urn:oio:cpr-nr:0101010101", "relationer.andresager.0": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11",
		"relationer.journalpost.0": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c12", "relationer.journalpost.0.journalpostkode": "tilakteretdokument",
		"relationer.journalpost.0.journaldokument.dokumenttitel": "Ansøgning", "egenskaber.hjemmel": "Byggeloven § 16",
	})
	sum := 0
	raa := raaTid(b, func() {
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
	})
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Valider(mox.Sag); err != nil {
			b.Fatal(err)
		}
	}
	meldMod(b, raa)
}

// BenchmarkBeskedValider checks and digests the metadata of one besked.
func BenchmarkBeskedValider(b *testing.B) {
	besked := byggesag()
	sum := 0
	raa := raaTid(b, func() {
		for _, f := range mox.Beskedfelter() {
			for _, v := range f.Hent(&besked) {
				sum += len(v)
			}
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		if err := besked.Valider(); err != nil {
			b.Fatal(err)
		}
	}
	meldMod(b, raa)
}
