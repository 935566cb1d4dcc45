package distributor_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
	"github.com/moxkit/mox/store/storetest"
)

// BenchmarkListe puts values into a list, takes it in use, and tells what each takes of memory. What else the distributor
// costs is measured by mox bench; see package bench.
func BenchmarkListe(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { maalListe(b, storetest.SQLite(b)) })
	b.Run("PostgreSQL", func(b *testing.B) { maalListe(b, storetest.Postgres(b)) })
}

func maalListe(b *testing.B, url string) {
	maa := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	s, err := store.Open(b.Context(), url)
	maa(err)
	b.Cleanup(func() { _ = s.Close() })
	d, err := distributor.New(b.Context(), s, distributor.Options{})
	maa(err)
	_, err = d.OpretListe(b.Context(), mox.Vaerdiliste{Navn: "borgere", Noegle: "relateret"}, person)
	maa(err)
	_, err = d.OpretAbonnement(b.Context(), trukket("omsorg", kunHvor(iListen("relateret", "borgere"))), false, person)
	maa(err)
	foer, start := iBrug(), time.Now()
	_, err = d.AendrListe(b.Context(), "borgere", distributor.ListeTilfoej, func(yield func(string, error) bool) {
		for i := range b.N {
			if !yield(fmt.Sprintf("%010d", i), nil) {
				return
			}
		}
	}, person)
	maa(err)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "per_s")
	b.ReportMetric(float64(iBrug()-foer)/float64(b.N), "bytes/vaerdi")
	a, err := d.Accept(b.Context(), "byggesag", besked(borger(fmt.Sprintf("%010d", b.N-1))))
	if maa(err); len(a.SendtTil) != 1 {
		b.Errorf("sendt til %v", a.SendtTil)
	}
}

// iBrug is how many bytes of memory are in use after a collection.
func iBrug() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
