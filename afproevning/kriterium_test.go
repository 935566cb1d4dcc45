package afproevning

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func tal(n int) *int { return &n }

func TestKriterier(t *testing.T) {
	t.Parallel()
	poster := map[string][]string{"tre": {"a", "b", "c"}, "ogsaa": {"a", "b", "c"}, "to": {"a", "b"}, "dobbelt": {"a", "a", "b", "c"}, "ingen": nil}
	for navn, c := range map[string]struct {
		k        Kriterium
		bestaaet bool
		maalt    string
	}{
		"de samme":                               {Kriterium{Ens: []string{"tre", "ogsaa"}}, true, "3 og 3; 0 mangler, 0 for meget"},
		"en mangler":                             {Kriterium{Ens: []string{"tre", "to"}}, false, "3 og 2; 1 mangler, 0 for meget"},
		"en må mangle":                           {Kriterium{Ens: []string{"tre", "to"}, Mangler: 1}, true, "3 og 2; 1 mangler, 0 for meget"},
		"en skulle mangle":                       {Kriterium{Ens: []string{"tre", "ogsaa"}, Mangler: 1}, false, "3 og 3; 0 mangler, 0 for meget"},
		"to gange er én for meget":               {Kriterium{Ens: []string{"tre", "dobbelt"}}, false, "3 og 4; 0 mangler, 1 for meget"},
		"at intet er lig med intet, viser intet": {Kriterium{Ens: []string{"ingen", "ingen"}}, false, "0 og 0; 0 mangler, 0 for meget"},
		"indeholdt":                              {Kriterium{Indeholdt: []string{"to", "tre"}}, true, "2, heraf 0 for meget"},
		"ikke indeholdt":                         {Kriterium{Indeholdt: []string{"dobbelt", "tre"}}, false, "4, heraf 1 for meget"},
		"netop":                                  {Kriterium{Antal: "tre", Lig: tal(3)}, true, "3"},
		"ikke netop":                             {Kriterium{Antal: "tre", Lig: tal(2)}, false, "3"},
		"mindst":                                 {Kriterium{Antal: "tre", Mindst: tal(3)}, true, "3"},
		"for få":                                 {Kriterium{Antal: "to", Mindst: tal(3)}, false, "2"},
		"har":                                    {Kriterium{Har: "dobbelt", Vaerdier: []string{"a", "c"}}, true, "a, b, c"},
		"har ikke":                               {Kriterium{Har: "to", Vaerdier: []string{"a", "c"}}, false, "a, b"},
	} {
		t.Run(navn, func(t *testing.T) {
			t.Parallel()
			if m := c.k.doem(poster); m.Bestaaet != c.bestaaet || m.Maalt != c.maalt {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestForskel(t *testing.T) {
	t.Parallel()
	mangler, forMeget := forskel([]string{"a", "b", "b", "d"}, []string{"b", "c", "d", "d"})
	if !slices.Equal(mangler, []string{"a", "b"}) || !slices.Equal(forMeget, []string{"c", "d"}) {
		t.Errorf("%v %v", mangler, forMeget)
	}
}

// What a criterion shows of what is wrong has no CPR number, and does not go on without end.
func TestEksempler(t *testing.T) {
	t.Parallel()
	var m Maaling
	m.vis("mangler: ", slices.Repeat([]string{"310250-1234|Åse"}, 8))
	if len(m.Eksempler) != maksEksempler+1 || strings.Contains(strings.Join(m.Eksempler, ""), "310250-1234") || m.Eksempler[maksEksempler] != "… og 3 til" {
		t.Errorf("%q", m.Eksempler)
	}
}

// A statement is shown only where every criterion that names it was measured and holds.
func TestUdsagnErVistNaarAlleDetsKriterierHolder(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	for _, u := range viste([]Maaling{
		{Navn: "a", Bestaaet: true, Udsagn: []string{"mox 20", "mox 4"}}, {Navn: "b", Udsagn: []string{"mox 4"}},
		{Navn: "c", Bestaaet: true, IkkeMaalt: true, Udsagn: []string{"mox 7"}}, {Navn: "d", Bestaaet: true, Udsagn: []string{"mox 20"}},
	}) {
		got[u.Udsagn] = u.Vist
	}
	if want := map[string]bool{"mox 4": false, "mox 7": false, "mox 20": true}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// The posts of an answer in JSON are picked by their fields.
func TestPosterAfEtSvar(t *testing.T) {
	t.Parallel()
	q := HTTPSpoergsmaal{Poster: "sager", Felter: []string{"id", "udgave", "findes_ikke"}, Kun: map[string]string{"bruger": "mox", "operation": "sag.*"}}
	got, err := q.poster([]byte(`{"sager":[{"id":"S-1","udgave":12,"bruger":"mox","operation":"sag.ret"},{"id":"S-2","bruger":"arkivar","operation":"sag.ret"},{"id":"S-3","bruger":"mox","operation":"dokument"}]}`))
	if err != nil || !slices.Equal(got, []string{"S-1|12|"}) {
		t.Errorf("%q %v", got, err)
	}
	if _, err := q.poster([]byte(`{"andet":[]}`)); err == nil {
		t.Error("an answer without the list is none")
	}
}
