package openapi

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type sekunder float64

type faelles struct {
	Navn string `json:"navn"`
}

type post struct {
	faelles
	Tid      time.Time       `json:"tid"`
	Senere   time.Time       `json:"senere,omitzero"`
	Bytes    []byte          `json:"bytes,omitempty"`
	Fri      any             `json:"fri,omitempty"`
	Raa      json.RawMessage `json:"raa" skema:"Besked"`
	Vent     sekunder        `json:"vent"`
	Kort     map[string]int  `json:"kort"`
	Under    *under          `json:"under,omitempty"`
	Liste    []under         `json:"liste"`
	Hemmelig string          `json:"-"`
}

type under struct {
	Ja bool `json:"ja"`
}

func dok(t *testing.T, aendr func(*API)) map[string]any {
	t.Helper()
	a := API{Titel: "Prøve", Version: "1", JSON: "/openapi.json",
		Felter:  map[string]string{"navn": "navnet"},
		Typer:   map[reflect.Type]Skema{reflect.TypeFor[sekunder](): Sekunder(30)},
		Skemaer: map[string]Skema{"Besked": {"type": "object"}},
		Kald: []Kald{{Metode: "POST", Sti: "/ting/{id}", Navn: "gem", Emne: "Ting", Resume: "Gem", Parametre: []Parameter{{Navn: "id", I: "path", Skema: Tal(1, 0), Eksempel: 1}},
			Krop: []Indhold{{Type: "application/json", Form: post{}, Kraevet: []string{"navn"}}},
			Svar: []Svar{{Status: 200, Tekst: "Gemt.", Indhold: []Indhold{{Type: "application/json", Form: post{}}}}}}}}
	aendr(&a)
	w := httptest.NewRecorder()
	New(a).JSON(w, nil)
	var ud map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &ud); err != nil {
		t.Fatal(err)
	}
	return ud
}

// A type as it is read may lack all but what is demanded and has nothing more; as it is written, it has all that is not left out
// when empty.
func TestSkemaer(t *testing.T) {
	t.Parallel()
	d := dok(t, func(*API) {})
	skemaer := d["components"].(map[string]any)["schemas"].(map[string]any)
	ud, ind := skemaer["Post"].(map[string]any), skemaer["PostInd"].(map[string]any)
	if diff := cmp.Diff([]any{"navn"}, ind["required"]); diff != "" || ind["additionalProperties"] != false {
		t.Errorf("%s %v", diff, ind)
	}
	if diff := cmp.Diff([]any{"navn", "tid", "raa", "vent", "kort", "liste"}, ud["required"]); diff != "" || ud["additionalProperties"] != nil {
		t.Errorf("%s %v", diff, ud)
	}
	m := func(par ...any) map[string]any {
		v := map[string]any{}
		for i := 0; i < len(par); i += 2 {
			v[par[i].(string)] = par[i+1]
		}
		return v
	}
	vil := m("navn", m("type", "string", "description", "navnet"), "tid", m("type", "string", "format", "date-time"), "senere", m("type", "string", "format", "date-time"),
		"bytes", m("type", "string", "contentEncoding", "base64"), "fri", m(), "raa", m("$ref", "#/components/schemas/Besked"), "vent", m("type", "number", "minimum", 0.0, "maximum", 30.0),
		"kort", m("type", "object", "additionalProperties", m("type", "integer")), "under", m("$ref", "#/components/schemas/Under"),
		"liste", m("type", "array", "items", m("$ref", "#/components/schemas/Under")))
	if diff := cmp.Diff(vil, ud["properties"]); diff != "" {
		t.Error(diff)
	}
}

// A table that contradicts itself is found when it is made, not by its reader.
func TestTabellenSkalHaengeSammen(t *testing.T) {
	t.Parallel()
	for navn, aendr := range map[string]func(*API){
		"intet navn":        func(a *API) { a.Kald[0].Navn = "" },
		"samme navn":        func(a *API) { a.Kald = append(a.Kald, a.Kald[0]) },
		"led uden eksempel": func(a *API) { a.Kald[0].Parametre[0].Eksempel = nil },
		"ukendt led":        func(a *API) { a.Kald[0].Sti = "/ting/{nr}" },
		"ikke JSON":         func(a *API) { a.Kald[0].Krop[0].Eksempel = "{" },
		"ukendt skema":      func(a *API) { a.Skemaer = nil },
		"uden skema": func(a *API) {
			a.Kald[0].Krop[0].Form = struct {
				C chan int `json:"c"`
			}{}
		},
		"felt uden navn": func(a *API) { a.Kald[0].Krop[0].Form = struct{ C int }{} },
	} {
		t.Run(navn, func(t *testing.T) {
			defer func() {
				if e := recover(); e == nil || !strings.HasPrefix(fmt.Sprint(e), "openapi: ") {
					t.Errorf("%v", e)
				}
			}()
			dok(t, aendr)
		})
	}
}

// What an example holds is shown, never obeyed.
func TestSidenViserOgUdfoererIkke(t *testing.T) {
	t.Parallel()
	a := API{Titel: "<script>1</script>", JSON: "/openapi.json", Kald: []Kald{{Metode: "GET", Sti: "/", Navn: "x", Emne: "<b>", Tekst: `"><script>`,
		Svar: []Svar{{Status: 200, Indhold: []Indhold{{Type: "text/plain", Skema: Kodeliste("a", "", "b"), Eksempel: "<script>"}}}}}}}
	w := httptest.NewRecorder()
	New(a).Side(w, nil)
	if s := w.Body.String(); strings.Contains(s, "<script") || !strings.Contains(s, "&lt;script&gt;") || !strings.Contains(s, "en af: &#34;a&#34;, tom, &#34;b&#34;") {
		t.Error(s)
	}
}
