package agent

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	_ "modernc.org/sqlite" // the foreign system's database

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/store"
)

// The chain of these tests: Byggesag leaves files; ESDH journalises and answers with a case of its own; Post sends a
// letter about that case; Byggesag is told both numbers. No system knows another, or the standard.
const (
	kaedeByggesag = `agent: byggesag
system: Byggesag
acts_as: svc-mox
sources:
  - name: sager
    from: {type: folder, path: ud, pattern: "*.csv", format: csv, faerdig: omdoebt}
    start: alt
    key: NR
    map: maps/kaede_sag.yaml
    interval: 5ms
sinks:
  - name: journal
    filter: {objekttype: Sag, kildesystem: ESDH, foraarsagetAf: {findes: true}}
    map: maps/kaede_journal.yaml
    to: {type: folder, path: ind, fil: "journal_{{felt.NR}}.json", format: json}
    gentag: naturlig
    answer: {besked: {map: maps/kaede_egen.yaml, key: sendt.NR, handling: journalnummer modtaget}}
  - name: afsendt
    filter: {objekttype: Dokument, kildesystem: Post}
    map: maps/kaede_afsendt.yaml
    to: {type: folder, path: ind, fil: "afsendt_{{felt.NR}}.json", format: json}
    gentag: naturlig
    answer: {besked: {map: maps/kaede_egen.yaml, key: sendt.NR, handling: brevnummer modtaget}}
`
	kaedePost = `agent: post
system: Post
acts_as: mox
sinks:
  - name: breve
    filter: {objekttype: Sag, kildesystem: ESDH, foraarsagetAf: {findes: true}}
    map: maps/kaede_brev.yaml
    to: {type: soap, url: "%s", namespace: "http://post.example", operation: Send, felter_orden: [Reference, Journalnummer, Emne], noegle_felt: Reference}
    gentag: noegle
    answer: {besked: {map: maps/kaede_brevsvar.yaml, key: BrevId, handling: brev afsendt}}
`
	kaedeESDH = `agent: esdh
system: ESDH
acts_as: mox
sinks:
  - name: sager
    filter: {objekttype: Sag, kildesystem: Byggesag, foraarsagetAf: {findes: false}}
    map: maps/fag.yaml
    felter: [nr, titel]
    to: {type: http, method: POST, url: "%s/api/sager", noegle_header: Idempotency-Key}
    gentag: noegle
    noegle: id
    answer: {besked: {map: maps/fagsvar.yaml, key: id, handling: journaliseret}}
`
	// The same agent for another vendor's ESDH, which offers no interface but its database.
	kaedeESDHdatabase = `agent: esdh
system: ESDH
acts_as: mox
sinks:
  - name: sager
    filter: {objekttype: Sag, kildesystem: Byggesag, foraarsagetAf: {findes: false}}
    map: maps/kaede_tabel.yaml
    to:
      type: sql
      driver: sqlite
      dsn: esdh.db
      exec: "INSERT INTO journal (reference, overskrift) VALUES (:reference, :overskrift) RETURNING nr AS journal"
      opslag: "SELECT nr AS journal FROM journal WHERE reference = :reference"
    gentag: opslag
    ro: 1ms
    noegle: journal
    answer: {besked: {map: maps/kaede_tabelsvar.yaml, key: journal, handling: journaliseret}}
`
)

// kaede is the chain with one of the two ESDHs, running.
type kaede struct {
	*hus
	agenter []*Agent
	esdh    func() int // how many cases it has
}

func nyKaede(t *testing.T, esdh string) *kaede {
	t.Helper()
	k := &kaede{hus: nytHus(t)}
	maa(t, os.MkdirAll(filepath.Join(k.dir, "ind"), 0o755))
	maa(t, os.MkdirAll(filepath.Join(k.dir, "ud"), 0o755))
	var breve atomic.Int64
	post := nySoaptjeneste(t, func(string, map[string]string) (int, string) {
		return http.StatusOK, fmt.Sprintf(`<SendSvar xmlns="http://post.example"><BrevId>B-%d</BrevId><Dato>02.03.2026</Dato></SendSvar>`, breve.Add(1))
	})
	kilde := kaedeESDHdatabase
	if esdh == "http" {
		f := nytFagsystem(t)
		kilde = fmt.Sprintf(kaedeESDH, f.URL)
		k.esdh = func() int { return len(f.virkninger()) }
	} else {
		k.esdh = k.esdhDatabase()
	}
	k.agenter = []*Agent{k.agent(kaedeByggesag), k.agent(kilde), k.agent(fmt.Sprintf(kaedePost, post.URL))}
	proces := func(navn, kle string) mox.Proces {
		f, fejl := mox.LaesFilter(map[string]any{"objekttype": "Sag", "kildesystem": "Byggesag", "opgaveemne": kle, "foraarsagetAf": map[string]any{"findes": false}})
		if len(fejl) > 0 {
			t.Fatal(fejl)
		}
		return mox.Proces{Navn: navn, Start: f, SvarFra: []mox.AbonnementID{"esdh.sager", "post.breve", "byggesag.journal", "byggesag.afsendt"}}
	}
	k.konfigurer(proces("byggetilladelse", "02.*"), proces("boligstøtte", "32.*"))
	k.koer(k.agenter...)
	return k
}

func (k *kaede) esdhDatabase() func() int {
	k.Helper()
	db, err := sql.Open("sqlite", filepath.Join(k.dir, "esdh.db"))
	maa(k, err)
	k.Cleanup(func() { maa(k, db.Close()) })
	_, err = db.ExecContext(k.Context(), `CREATE TABLE journal (nr INTEGER PRIMARY KEY, reference TEXT, overskrift TEXT); INSERT INTO journal VALUES (4711, 'gammel', 'før MOX')`)
	maa(k, err)
	return func() (n int) {
		maa(k, db.QueryRowContext(k.Context(), `SELECT COUNT(*) - 1 FROM journal`).Scan(&n))
		return n
	}
}

func (k *kaede) processer() (ud []store.Proces) {
	k.Helper()
	k.se(func(tx *store.Tx) (err error) {
		ud, err = tx.Processer(store.Procesudvalg{Antal: 100})
		return err
	})
	return ud
}

func (k *kaede) afsluttede() (n int) {
	for _, p := range k.processer() {
		if p.Tilstand == mox.ProcesAfsluttet {
			n++
		}
	}
	return n
}

func (k *kaede) sagAf(navn, nr, kle string) {
	k.fil("ud/"+navn+".csv", "NR;TITEL;KLE", nr+";Carport;"+kle)
}

// Three agents in a chain, whose links are slutbeskeder: each starts the next, none knows another, and the procesID of the
// first is carried by all of them. The systems are reached by files, an API or a database, and SOAP.
func TestTreAgenterIKaede(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 14", "mox 17", "mox 22", "mox 25", "mox 26")
	former := map[string][]string{}
	for _, esdh := range []string{"http", "database"} {
		t.Run(esdh, func(t *testing.T) {
			k := nyKaede(t, esdh)
			k.sagAf("1", "2026-1", "02.34.02")
			k.vent("processen er afsluttet", func() bool { return k.afsluttede() == 1 })
			ens(t, "sager hos ESDH", k.esdh(), 1)
			ens(t, "journalnummer skrevet tilbage", k.findes("ind/journal_2026-1.json"), true)
			ens(t, "brevnummer skrevet tilbage", k.findes("ind/afsendt_2026-1.json"), true)
			k.ingenFejl()

			alle := k.alle()
			proces := alle[0].ProcesID
			ens(t, "processer", len(proces), 1)
			ved := map[mox.BeskedID]string{}
			for _, b := range alle {
				liste(t, "procesID", b.ProcesID, proces)
				maa(t, b.Valider())
				ved[b.ID] = b.Kildesystem
				former[esdh] = append(former[esdh], strings.TrimSpace(fmt.Sprintf("%s fra %s (%s) efter %s", b.ObjektType, b.Kildesystem, b.Handling, ved[b.ForaarsagetAf])))
			}
			slices.Sort(former[esdh])
			liste(t, "forløb", former[esdh], []string{
				"Dokument fra Post (brev afsendt) efter ESDH",
				"Sag fra Byggesag () efter",
				"Sag fra Byggesag (brevnummer modtaget) efter Post",
				"Sag fra Byggesag (journalnummer modtaget) efter ESDH",
				"Sag fra ESDH (journaliseret) efter Byggesag",
			})
		})
	}
	// Replacing ESDH changed its agent's file and nothing else: the others say and do the same.
	liste(t, "forløbet med en anden ESDH", former["database"], former["http"])
}

// The same agents serve two processes; only the processes are configured.
func TestDeSammeAgenterITVoProcesser(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 18")
	k := nyKaede(t, "http")
	k.sagAf("1", "2026-1", "02.34.02")
	k.sagAf("2", "2026-2", "32.03.12")
	k.sagAf("3", "2026-3", "27.00.00") // part of no process, and served all the same
	k.vent("begge er afsluttet", func() bool { return k.afsluttede() == 2 })
	k.vent("den tredje er skrevet tilbage", func() bool { return k.findes("ind/afsendt_2026-3.json") })
	var navne []string
	for _, p := range k.processer() {
		navne = append(navne, p.Navn)
	}
	slices.Sort(navne)
	liste(t, "processer", navne, []string{"boligstøtte", "byggetilladelse"})
}

// A system of the standard's own speaks with one that knows nothing of it, in both directions; two that know it need no agent.
func TestHvemDerKenderStandarden(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 23")
	sagen := map[string]string{"egenskaber.brugervendtnoegle": "S-1", "egenskaber.sagsnummer": "S-1", "egenskaber.titel": "Carport", "egenskaber.beskrivelse": "x",
		"egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet"}
	t.Run("kun afsenderen", func(t *testing.T) {
		t.Parallel()
		h, f := nytHus(t), nytFagsystem(t)
		s := h.agent(strings.Replace(esdh(f, GentagNoegle, ""), "kildesystem: Byggesag", "kildesystem: Standard", 1)).sinks[0]
		h.besked("Standard", mox.ObjektID(mox.NyUUID()), sagen)
		h.bliver(h.arbejd(s), mox.Leveret)
		liste(t, "virkninger", f.virkninger(), []string{"POST S-1 Carport"})
	})
	for navn, send := range map[string]func(h *hus){
		"kun modtageren": func(h *hus) {
			h.fil("ud/1.csv", hoved, "S-1;1;Carport;ny;01-03-2026 08:00")
			h.laes(enKilde(h.agent(byggesag("alt", "", ""))))
		},
		"begge": func(h *hus) { h.besked("Standard", mox.ObjektID(mox.NyUUID()), sagen) },
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			h := nytHus(t)
			var f mox.Filter
			h.specs = append(h.specs, &Spec{Agent: "modtager", System: "Modtager", Sinks: []SinkSpec{{Name: "sager", filter: f, Gentag: GentagNaturlig}}})
			h.konfigurer()
			send(h)
			w, err := h.Hent(t.Context(), "modtager.sager", "modtager/1", 1, 0, 0)
			maa(t, err)
			ens(t, "beskeder", len(w), 1)
			maa(t, w[0].Besked.Valider())
			ens(t, "titel", h.vaerdier(w[0].Besked)["egenskaber.titel"], "Carport")
		})
	}
}
