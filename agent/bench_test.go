package agent

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/distributor"
)

// meldMod reports n things done in d beside the same done without our code.
func meldMod(b *testing.B, n int, d time.Duration, raaN int, raaD time.Duration) {
	b.Helper()
	vores, raa := float64(n)/d.Seconds(), float64(raaN)/raaD.Seconds()
	b.ReportMetric(vores, "per_s")
	b.ReportMetric(raa, "raw_per_s")
	b.ReportMetric(vores/raa, "ratio")
}

// BenchmarkIndlever maps records and hands them in, 500 at a time, all of them new: identity, change detection, besked and
// its leverance. Per record. The raw figure is the same rows written into the same tables with the same indexes, 500
// records a transaction, without our code.
func BenchmarkIndlever(b *testing.B) {
	const raaBatcher = 10
	h := nytHus(b)
	k := enKilde(h.agent(byggesag("alt", "", "")))
	k.agent.server = h.Tjeneste
	h.agent(esdhTil("http://127.0.0.1:1"))
	nr, position := 0, ""
	batch := func() []connector.Record {
		ud := make([]connector.Record, connector.MaxBatch)
		for i := range ud {
			nr++
			ud[i] = connector.Record{Fields: map[string]string{"NR": fmt.Sprintf("BYG-%d", nr), "VERSION": "1", "TITEL": "Opførelse af carport, Søndergade 12", "STATUS": "ny",
				"BESKRIVELSE": "Carport på 35 m² i skel", "AENDRET": "02-03-2026 09:15"}, Place: connector.Place{File: "sag.csv", Line: i + 2}}
		}
		return ud
	}
	indlever := func(poster []connector.Record) {
		stand, err := h.Kilde(b.Context(), "byggesag", "sager")
		maa(b, err)
		ny := fmt.Sprint(nr)
		i, err := k.indlevering(b.Context(), stand, connector.Batch{Records: poster, Position: ny})
		maa(b, err)
		i.Forventet, position = position, ny
		ud, err := h.Tjeneste.Indlever(b.Context(), i)
		maa(b, err)
		if len(ud.Beskeder) != len(poster) {
			b.Fatalf("%d beskeder af %d poster", len(ud.Beskeder), len(poster))
		}
	}
	for range raaBatcher {
		indlever(batch())
	}
	raat := h.raat(b, raaBatcher)
	b.ReportAllocs()
	var vores, raa time.Duration
	n, raaN := 0, 0
	for b.Loop() {
		if n%connector.MaxBatch == 0 {
			b.StopTimer()
			poster := batch()
			b.StartTimer()
			start := time.Now()
			indlever(poster)
			vores += time.Since(start)
			b.StopTimer()
			if i := n / connector.MaxBatch; i < raaBatcher { // they take turns, so that what else the machine does hits both
				raa += raat(i)
				raaN += connector.MaxBatch
			}
			b.StartTimer()
		}
		n++
	}
	hele := (n + connector.MaxBatch - 1) / connector.MaxBatch * connector.MaxBatch
	meldMod(b, hele, vores, raaN, raa)
}

// raat gives a function that writes part i of all rows that the house's database has into a fresh one of the same schema, in
// one transaction, and tells how long it took.
func (h *hus) raat(b *testing.B, batcher int) func(i int) time.Duration {
	b.Helper()
	fra := aabnRaa(b, filepath.Join(h.dir, "mox.db"))
	tom := nytHus(b)
	til := aabnRaa(b, filepath.Join(tom.dir, "mox.db"))
	indsaet := map[string]string{}
	raekker := map[string][][]any{}
	for _, tabel := range []string{"besked", "leverance", "kvittering", "identitet", "objektstand"} {
		indsaet[tabel], raekker[tabel] = laesTabel(b, fra, tabel)
	}
	return func(i int) time.Duration {
		start := time.Now()
		tx, err := til.BeginTx(b.Context(), nil)
		maa(b, err)
		for tabel, alle := range raekker {
			s, err := tx.PrepareContext(b.Context(), indsaet[tabel])
			maa(b, err)
			for _, r := range alle[i*len(alle)/batcher : (i+1)*len(alle)/batcher] {
				_, err := s.ExecContext(b.Context(), r...)
				maa(b, err)
			}
			maa(b, s.Close())
		}
		maa(b, tx.Commit())
		return time.Since(start)
	}
}

// aabnRaa opens a database file as the store does, but for the foreign keys: rows are written table by table.
func aabnRaa(b *testing.B, fil string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+fil+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-32000)&_pragma=temp_store(memory)")
	maa(b, err)
	db.SetMaxOpenConns(1)
	b.Cleanup(func() { maa(b, db.Close()) })
	return db
}

func laesTabel(b *testing.B, db *sql.DB, tabel string) (indsaet string, raekker [][]any) {
	b.Helper()
	rows, err := db.QueryContext(b.Context(), "SELECT * FROM "+tabel) // a name of ours
	maa(b, err)
	defer rows.Close()
	navne, err := rows.Columns()
	maa(b, err)
	for rows.Next() {
		r := make([]any, len(navne))
		til := make([]any, len(navne))
		for i := range r {
			til[i] = &r[i]
		}
		maa(b, rows.Scan(til...))
		raekker = append(raekker, r)
	}
	maa(b, rows.Err())
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", tabel, strings.Join(navne, ", "), strings.Repeat(", ?", len(navne)-1)), raekker
}

func esdhTil(adresse string) string {
	return fmt.Sprintf(`agent: esdh
system: ESDH
acts_as: mox
sinks:
  - name: sager
    filter: {objekttype: Sag}
    map: maps/fag.yaml
    felter: [nr, titel]
    to: {type: http, method: POST, url: "%s/api/sager", noegle_header: Idempotency-Key}
    gentag: noegle
    noegle: id
`, adresse)
}

// BenchmarkSink takes work, calls a system, and reports: one worker, one besked at a time, each attempt and each outcome in a
// commit of its own. The raw figure is the same HTTP calls, to the same system, without MOX.
func BenchmarkSink(b *testing.B) {
	h := nytHus(b)
	var krop []byte
	system := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b, err := io.ReadAll(r.Body); err == nil && krop == nil {
			krop = b
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id": "4711", "nr": "2026-1"}`)
	}))
	b.Cleanup(system.Close)
	s := h.agent(esdhTil(system.URL)).sinks[0]
	s.agent.server = h.Tjeneste
	ejer := h.Distributor.Inkarnation() + "/1"
	antal := 0
	fyld := func() {
		poster := make([]distributor.Post, distributor.MaksPoster)
		k, err := h.Kilde(b.Context(), "proeve", "sager")
		maa(b, err)
		for i := range poster {
			antal++
			nr := fmt.Sprint(antal)
			poster[i] = distributor.Post{Noegle: nr, ObjektType: mox.Sag, Felter: map[string]string{"egenskaber.brugervendtnoegle": nr, "egenskaber.sagsnummer": nr,
				"egenskaber.titel": "Opførelse af carport", "egenskaber.beskrivelse": "x", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet"}}
		}
		_, err = h.Tjeneste.Indlever(b.Context(), distributor.Indlevering{Agent: "proeve", System: "Byggesag", Kilde: "sager", Forventet: k.Position, Position: fmt.Sprint(antal), Poster: poster})
		maa(b, err)
	}
	b.ReportAllocs()
	const skift = 100 // they take turns, so that what else the machine does hits both
	var vores, raa time.Duration
	n, raaN := 0, 0
	for b.Loop() {
		if n%distributor.MaksPoster == 0 {
			b.StopTimer()
			fyld()
			b.StartTimer()
		}
		if n%skift == 0 && krop != nil {
			b.StopTimer()
			start := time.Now()
			for i := range skift {
				kald(b, system, krop, fmt.Sprint(i))
			}
			raa, raaN = raa+time.Since(start), raaN+skift
			b.StartTimer()
		}
		start := time.Now()
		w, err := s.agent.server.Hent(b.Context(), s.id, ejer, 1, time.Minute, time.Second)
		maa(b, err)
		s.arbejd(b.Context(), w[0])
		vores += time.Since(start)
		n++
	}
	if raaN == 0 { // a run of one
		start := time.Now()
		kald(b, system, krop, "1")
		raa, raaN = time.Since(start), 1
	}
	meldMod(b, n, vores, raaN, raa)
}

// kald makes the sink's HTTP call.
func kald(b *testing.B, system *httptest.Server, krop []byte, noegle string) {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, system.URL+"/api/sager", bytes.NewReader(krop))
	maa(b, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", noegle)
	svar, err := system.Client().Do(r)
	maa(b, err)
	_, err = io.Copy(io.Discard, svar.Body)
	maa(b, err)
	maa(b, svar.Body.Close())
}
