package oio_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/moxkit/mox"
)

// ens compares values where nil and empty are the same, as they are on the wire.
func ens(a, b any) string {
	return cmp.Diff(a, b, cmpopts.EquateEmpty(), cmp.Comparer(func(a, b mox.Tidspunkt) bool { return a == b }))
}

func typeAf(navn mox.ObjektType) *mox.Type {
	t, ok := mox.TypeAf(navn)
	if !ok {
		panic(navn)
	}
	return t
}

func tid(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

const langtTilbage, langtFrem = -62135596800000000 + 1, 253402300799999999 // microseconds: the years 1 to 9999

func tegnTid(t *rapid.T, navn string) time.Time {
	return time.UnixMicro(rapid.OneOf(rapid.Int64Range(langtTilbage, langtFrem), rapid.Int64Range(1_700_000_000_000_000, 1_900_000_000_000_000)).Draw(t, navn)).UTC()
}

// tegnTekst is a text of 1 to maks signs that every form can carry.
func tegnTekst(t *rapid.T, navn string, maks int) string {
	s := rapid.OneOf(rapid.StringMatching(`[a-zæøåA-ZÆØÅ0-9 .,:"\\/<>&-]{1,20}`), rapid.StringN(1, 12, -1)).Draw(t, navn)
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "?"), "?")
	for maks > 0 && utf8.RuneCountInString(s) > maks {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

func tegnReference(t *rapid.T, navn string) mox.Reference {
	if rapid.Bool().Draw(t, navn) {
		return mox.Reference{UUID: mox.AfledUUID(nil, rapid.StringN(0, 4, -1).Draw(t, navn+".uuid"))}
	}
	return mox.Reference{URN: rapid.SampledFrom([]string{"urn:oio:cvr-nr:12345678", "URN:Empty", "urn:x:Ærø \"4\"", "urn:oio:cpr-nr:0101010101"}).Draw(t, navn+".urn")}
}

// tegnVirkninger are up to maks virkninger that do not overlap.
func tegnVirkninger(t *rapid.T, mindst, maks int) []mox.Virkning {
	n := rapid.IntRange(mindst, maks).Draw(t, "segmenter")
	set := map[mox.Tidspunkt]bool{}
	var graenser []mox.Tidspunkt
	for len(graenser) < 2*n {
		if g := mox.Kl(tegnTid(t, "grænse")); !set[g] {
			set[g] = true
			graenser = append(graenser, g)
		}
	}
	slices.SortFunc(graenser, mox.Tidspunkt.Sammenlign)
	var ud []mox.Virkning
	for i := 0; i < len(graenser); i += 2 {
		ud = append(ud, tegnAktoer(t, mox.Virkning{Fra: graenser[i], Til: graenser[i+1]}))
	}
	if n > 0 && rapid.Bool().Draw(t, "fra altid") {
		ud[0].Fra = mox.MinusUendelig
	}
	if n > 0 && rapid.Bool().Draw(t, "for altid") {
		ud[n-1].Til = mox.Uendelig
	}
	return ud
}

func tegnAktoer(t *rapid.T, v mox.Virkning) mox.Virkning {
	if rapid.Bool().Draw(t, "aktør") {
		v.AktoerRef = tegnReference(t, "aktoerref")
		v.AktoerTypeKode = rapid.SampledFrom(mox.AktoerTyper()).Draw(t, "aktoertypekode")
	}
	if rapid.Bool().Draw(t, "note") {
		v.NoteTekst = tegnTekst(t, "notetekst", 0)
	}
	return v
}

func tegnFelter(t *rapid.T, felter []mox.Felt) map[string]string {
	ud := map[string]string{}
	for _, f := range felter {
		if f.Kraev || rapid.IntRange(0, 2).Draw(t, f.Navn+"?") == 0 {
			ud[f.Navn] = tegnFelt(t, &f)
		}
	}
	return ud
}

func tegnFelt(t *rapid.T, f *mox.Felt) string {
	switch {
	case len(f.Vaerdi) > 0:
		return rapid.SampledFrom(f.Vaerdi).Draw(t, f.Navn)
	case !f.Kraev && rapid.IntRange(0, 9).Draw(t, "ryddet") == 0:
		return ""
	case f.Slags == mox.Heltal:
		return fmt.Sprint(rapid.Int64().Draw(t, f.Navn))
	case f.Slags == mox.Boolsk:
		return fmt.Sprint(rapid.Bool().Draw(t, f.Navn))
	case f.Slags == mox.Dato:
		return tegnTid(t, f.Navn).Format(time.DateOnly)
	case f.Slags == mox.TidspunktSl:
		return tegnTid(t, f.Navn).Format(time.RFC3339Nano)
	case f.Slags == mox.Liste:
		return tegnListe(t, f)
	}
	return tegnTekst(t, f.Navn, f.Maks)
}

// tegnListe is the canonical text of a list: fields in the table's order, none empty, no blanks.
func tegnListe(t *rapid.T, f *mox.Felt) string {
	var poster []string
	for range rapid.IntRange(1, 3).Draw(t, "poster") {
		if f.Under == nil {
			poster = append(poster, somJSON(tegnTekst(t, f.Navn, 0)))
			continue
		}
		var felter []string
		for _, u := range f.Under {
			if rapid.Bool().Draw(t, u.Navn) {
				felter = append(felter, somJSON(u.Navn)+":"+somJSON(tegnTekst(t, u.Navn, 0)))
			}
		}
		poster = append(poster, "{"+strings.Join(felter, ",")+"}")
	}
	return "[" + strings.Join(poster, ",") + "]"
}

// somJSON quotes v, escaping only what JSON demands. Signs that JSON spells in more than one way become a blank.
func somJSON(v string) string {
	v = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, v)
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSuffix(b.String(), "\n"))
}

func tegnAttributter(t *rapid.T, felter []mox.Felt, mindst int) []mox.Attribut {
	var ud []mox.Attribut
	for _, v := range tegnVirkninger(t, mindst, 3) {
		ud = append(ud, mox.Attribut{Felter: tegnFelter(t, felter), Virkning: v})
	}
	return ud
}

func tegnRelationer(t *rapid.T, rt *mox.RelationType) []mox.Relation {
	var ud []mox.Relation
	for i, v := range tegnVirkninger(t, 1, 3) {
		rel := mox.Relation{Reference: tegnReference(t, rt.Navn), ObjektType: rapid.SampledFrom([]string{"", rt.Maal, "Æble"}).Draw(t, "objekttype"), Virkning: v}
		if rt.Flere && rapid.Bool().Draw(t, "overlapper") {
			rel.Virkning = mox.Virkning{Fra: mox.MinusUendelig, Til: mox.Uendelig}
		}
		if rt.Indeks {
			rel.Indeks = i + 1
		}
		if len(rt.Felter) > 0 {
			rel.Felter = tegnRelationsfelter(t, rt)
		}
		ud = append(ud, rel)
	}
	return ud
}

func tegnRelationsfelter(t *rapid.T, rt *mox.RelationType) map[string]string {
	felter := tegnFelter(t, rt.Felter)
	forbudt := "journalnotat."
	if felter["journalpostkode"] == "journalnotat" {
		forbudt = "journaldokument."
	}
	for navn := range felter {
		if strings.HasPrefix(navn, forbudt) {
			delete(felter, navn)
		}
	}
	return felter
}

// tegnRegistrering is a valid registrering of the type, with anything its table allows.
func tegnRegistrering(t *rapid.T, type_ *mox.Type) mox.Registrering {
	r := mox.Registrering{LivscyklusKode: rapid.SampledFrom(mox.LivscyklusKoder()).Draw(t, "livscykluskode"),
		Attributter: map[string][]mox.Attribut{}, Tilstande: map[string][]mox.Tilstand{}, Relationer: map[string][]mox.Relation{}}
	if rapid.Bool().Draw(t, "fratidspunkt?") {
		r.FraTidspunkt = tegnTid(t, "fratidspunkt")
	}
	if rapid.Bool().Draw(t, "bruger?") {
		r.BrugerRef, r.NoteTekst = tegnReference(t, "brugerref"), tegnTekst(t, "note", 0)
	}
	for _, saet := range type_.Attributter {
		r.Attributter[saet.Navn] = tegnAttributter(t, saet.Felter, 1)
	}
	for _, tv := range type_.Tilstande {
		for _, v := range tegnVirkninger(t, 1, 3) {
			r.Tilstande[tv.Navn] = append(r.Tilstande[tv.Navn], mox.Tilstand{Vaerdi: rapid.SampledFrom(tv.Vaerdi).Draw(t, tv.Felt), Virkning: v})
		}
	}
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(type_.Relationer)-1), 0, 4, rapid.ID).Draw(t, "relationer") {
		rt := &type_.Relationer[i]
		r.Relationer[rt.Navn] = tegnRelationer(t, rt)
	}
	if type_.Varianter {
		r.Varianter = tegnVarianter(t, type_)
	}
	return r
}

func tegnVarianter(t *rapid.T, type_ *mox.Type) (ud []mox.Variant) {
	for i := range rapid.IntRange(0, 2).Draw(t, "varianter") {
		v := mox.Variant{VariantTekst: fmt.Sprint(i, tegnTekst(t, "varianttekst", 0)), Egenskaber: tegnAttributter(t, type_.Variant, 0)}
		for j := range rapid.IntRange(0, 2).Draw(t, "dele") {
			d := mox.Del{DelTekst: fmt.Sprint(j, tegnTekst(t, "deltekst", 0)), Egenskaber: tegnAttributter(t, type_.Del, 0)}
			if rapid.Bool().Draw(t, "under redigering") {
				d.Relationer = map[string][]mox.Relation{"underredigeringaf": tegnRelationer(t, &mox.RelationType{Navn: "underredigeringaf"})}
			}
			v.Dele = append(v.Dele, d)
		}
		ud = append(ud, v)
	}
	return ud
}

// byggesag is a valid Sag as a case system would tell it, and the id it has.
func byggesag(t testing.TB) (mox.ObjektID, mox.Registrering) {
	t.Helper()
	v := mox.Fra(mox.Kl(tid("2026-03-02T08:15:00Z")))
	v.AktoerRef, v.AktoerTypeKode = mox.Reference{UUID: "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50"}, "ItSystem"
	r, err := mox.Registrering{LivscyklusKode: mox.Opstaaet, FraTidspunkt: tid("2026-03-02T08:15:01.25Z"), NoteTekst: "Oprettet"}.Laeg(typeAf(mox.Sag), map[string]string{
		"egenskaber.brugervendtnoegle": "2026-000123", "egenskaber.sagsnummer": "2026-000123", "egenskaber.titel": "Carport, Åvej 3",
		"egenskaber.beskrivelse": "Ansøgning om byggetilladelse til carport", "egenskaber.kassationskode": "B", "egenskaber.principiel": "false",
		"egenskaber.offentlighedundtaget.alternativtitel": "Byggesag", "egenskaber.offentlighedundtaget.hjemmel": "Offentlighedsloven § 30",
		"tilstande.fremdrift": "Opstaaet", "relationer.ejer": "urn:oio:cvr-nr:12345678", "relationer.primaerklasse": "urn:oio:kle:02.34.02",
		"relationer.primaerpart": "urn:oio:cpr-nr:0101010101", "relationer.ansvarlig": "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d",
		"relationer.journalpost.0": "b1c2d3e4-f5a6-4b7c-8d9e-0f1a2b3c4d5e", "relationer.journalpost.0.journalpostkode": "vedlagtdokument",
		"relationer.journalpost.0.journaldokument.dokumenttitel": "Ansøgning",
	}, v)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Valider(mox.Sag); err != nil {
		t.Fatal(err)
	}
	return "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", r
}
