package register_test

import (
	"testing"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/register"
)

// A reading costs the journeys it needs, whatever is in the register: one for what is asked together with the beginning and
// the time, one to end. Who is named is looked up where the caller may not see everybody, and the usage log is a transaction
// of its own, committed before the answer.
func TestReadingsMakeFewJourneys(t *testing.T) {
	t.Parallel()
	j := testenv.CountJourneys(t, testenv.Postgres(t))
	r := nyt(t, j.URL)
	alt := register.Hvem{Navn: "proeve", Adgang: register.FuldAdgang()}
	noget := register.Hvem{Navn: "proeve", Adgang: register.Adgang{Laese: []mox.Kreds{{}}}}
	opret := func(bvn, ejer string, parter ...string) mox.ObjektID {
		t.Helper()
		relationer := map[string][]mox.Relation{"ejer": {{Reference: mox.Reference{URN: ejer}, Virkning: evigt()}}}
		for i, p := range parter {
			relationer["sekundaerpart"] = append(relationer["sekundaerpart"], mox.Relation{Reference: mox.Reference{URN: p}, Indeks: i, Virkning: evigt()})
		}
		ud, err := r.Opret(t.Context(), alt, mox.Sag, mox.Registrering{
			Attributter: map[string][]mox.Attribut{"sagegenskaber": {{Felter: map[string]string{"brugervendtnoegle": bvn, "sagsnummer": "1", "titel": "t", "beskrivelse": "b", "kassationskode": "B"}, Virkning: evigt()}}},
			Tilstande:   map[string][]mox.Tilstand{"sagfremdrift": {{Vaerdi: "Opstaaet", Virkning: evigt()}}},
			Relationer:  relationer,
		})
		if err != nil {
			t.Fatal(err)
		}
		return ud.ObjektID
	}
	firma, person := opret("a", "urn:oio:cvr-nr:12345678"), opret("b", "urn:oio:cpr-nr:3102450001")
	personer := opret("c", "urn:oio:cvr-nr:12345678", "urn:oio:cpr-nr:3102450001", "urn:oio:cpr-nr:3102450002", "urn:oio:cpr-nr:3102450003")
	laes := func(hvem register.Hvem, id mox.ObjektID) func() error {
		return func() error {
			_, err := r.Laes(t.Context(), hvem, mox.Sag, id, register.Tider{})
			return err
		}
	}
	for _, c := range []struct {
		navn string
		f    func() error
		want int64
	}{
		{"Læs", laes(noget, firma), 2},
		{"Læs of a person, by one who sees everybody", laes(alt, person), 2 + 4},
		{"Læs of three persons, by one who sees everybody", laes(alt, personer), 2 + 4},
		{"Læs of a person", laes(noget, person), 3 + 4},
		{"Søg", func() error {
			_, err := r.Soeg(t.Context(), noget, mox.Sag, register.Soegning{Maks: 20})
			return err
		}, 3},
		{"List of one", func() error {
			_, err := r.List(t.Context(), noget, mox.Sag, []mox.ObjektID{firma}, register.Tider{})
			return err
		}, 2},
	} {
		if got := j.Fewest(t, c.f); got != c.want {
			t.Errorf("%s: %d journeys, want %d", c.navn, got, c.want)
		}
	}
}
