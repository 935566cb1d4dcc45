package mox_test

import (
	"testing"
	"time"

	"github.com/moxkit/mox"
)

// tid100 is how long each of a hundred calls takes.
func tid100(f func()) time.Duration {
	start := time.Now()
	for range 100 {
		f()
	}
	return time.Since(start) / 100
}

// maal runs vores, and reports it beside raa: the same work without our code. The two are measured in turn, and the best
// of each is compared, so that another process on the machine does not decide.
func maal(b *testing.B, raa, vores func()) {
	b.Helper()
	raaOp, op := time.Hour, time.Hour
	for range 50 {
		raaOp, op = min(raaOp, tid100(raa)), min(op, tid100(vores))
	}
	b.ReportAllocs()
	for b.Loop() {
		vores()
	}
	b.ReportMetric(float64(op), "best-ns/op")
	b.ReportMetric(float64(raaOp), "raw-ns/op")
	b.ReportMetric(float64(op)/float64(raaOp), "x-raw")
	b.ReportMetric(1e9/float64(op), "op/s")
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
	maal(b, func() {
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
	}, func() {
		if err := r.Valider(mox.Sag); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkBeskedValider checks the metadata of one besked. The raw figure reads each of them once.
func BenchmarkBeskedValider(b *testing.B) {
	besked := byggesag()
	sum := 0
	maal(b, func() {
		for _, f := range mox.Beskedfelter() {
			for _, v := range f.Hent(&besked) {
				sum += len(v)
			}
		}
	}, func() {
		if err := besked.Valider(); err != nil {
			b.Fatal(err)
		}
	})
}
