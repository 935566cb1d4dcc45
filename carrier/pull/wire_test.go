package pull

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store"
)

// fyld gives every field of a value something, so that one that is forgotten on the way is missed.
func fyld(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fyld(v.Elem(), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, *n%60, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fyld(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fyld(v.Index(0), n)
		fyld(v.Index(1), n)
	case reflect.Map:
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fyld(k, n)
		fyld(e, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(k, e)
	case reflect.String:
		v.SetString(fmt.Sprintf("tekst <%d> æ", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	case reflect.Float64:
		v.SetFloat(float64(*n))
	default:
		panic("no value for a " + v.Kind().String())
	}
}

func fyldt[V any]() V {
	var v V
	n := 0
	fyld(reflect.ValueOf(&v).Elem(), &n)
	return v
}

// rundt writes a wire value as the client does and reads it as the server does.
func rundt[V any](t *testing.T, v V) V {
	t.Helper()
	b, err := somJSON(v)
	if err != nil {
		t.Fatal(err)
	}
	var ud V
	if err := afkod(b.Bytes(), &ud); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return ud
}

func TestIntetTabesPaaVejen(t *testing.T) {
	t.Parallel()

	t.Run("indlevering", func(t *testing.T) {
		t.Parallel()
		v := fyldt[distributor.Indlevering]()
		if diff := cmp.Diff(v, rundt(t, v)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("afslutning", func(t *testing.T) {
		t.Parallel()
		v := fyldt[distributor.Afslutning]()
		v.Udfald.Efter = 1500 * time.Millisecond
		if diff := cmp.Diff(v, rundt(t, fraAfslutning(v)).afslutning(v.Leverance)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("arbejde", func(t *testing.T) {
		t.Parallel()
		v := fyldt[distributor.Arbejde]()
		v.Besked = mox.Besked{ID: "urn:a:b", Version: mox.Beskedversion, Type: "Sag.Rettet", Indholdstype: "application/json", Indhold: []byte(`{"a":"<b> & æ","tal":1.50}`)}
		w, err := fraArbejde(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rundt(t, w).arbejde()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("kilde", func(t *testing.T) {
		t.Parallel()
		v := fyldt[store.Kilde]()
		if diff := cmp.Diff(v, rundt(t, fraKilde(v)).kilde()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("kendt", func(t *testing.T) {
		t.Parallel()
		v := Kendt{Afsender: "A", Modtaget: time.Unix(1e9, 0).UTC(), Besked: mox.Besked{ID: "urn:a:b", Version: mox.Beskedversion, Handling: "x"},
			Kvitteringer: []mox.Kvittering{fyldt[mox.Kvittering]()}}
		w, err := fraKendt(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := rundt(t, w).kendt()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, got, cmpopts.IgnoreUnexported(Kendt{})); diff != "" {
			t.Error(diff)
		}
	})
}

// The names on the wire are a promise to those who have built on them.
func TestNavnePaaLinjen(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		v   any
		vil string
	}{
		"hent":   {hentkald{"a", 5, 60, 1.5}, `{"ejer":"a","n":5,"leje_sekunder":60,"vent_sekunder":1.5}`},
		"forny":  {fornykald{"a", []int64{7}, 60}, `{"ejer":"a","leverancer":[7],"leje_sekunder":60}`},
		"afslut": {afslutkald{Forsoeg: 1, Ejer: "a", Udfald: udfald{Resultat: mox.ResMidlertidig, Efter: 30}}, `{"forsoeg":1,"ejer":"a","udfald":{"resultat":"midlertidig","efter_sekunder":30}}`},
		"arbejde": {hentsvar{"a.b", []arbejdesvar{{Leverance: 7, Forsoeg: 1, Omgang: 1, Noegle: "n", Ejer: "e", Besked: json.RawMessage(`{"beskedID":"urn:a:b"}`)}}},
			`{"abonnementID":"a.b","arbejde":[{"leverance":7,"forsoeg":1,"omgang":1,"noegle":"n","usikker":false,"ejer":"e","lejet_til":"0001-01-01T00:00:00Z","noegler":null,"besked":{"beskedID":"urn:a:b"}}]}`},
		"modtaget": {Modtaget{BeskedID: "urn:a:b", SendtTil: 2}, `{"beskedID":"urn:a:b","gentaget":false,"sendt_til":2}`},
		"indhold":  {indholdsvar{"urn:x", 3}, `{"urn":"urn:x","stoerrelse":3}`},
	} {
		b, err := somJSON(c.v)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.vil+"\n", b.String()); diff != "" {
			t.Errorf("%s: %s", navn, diff)
		}
	}
}

func TestSekunder(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, time.Nanosecond, time.Millisecond, 1500 * time.Millisecond, time.Hour, maksEfter} {
		if got := somSekunder(d).varighed(); got != d {
			t.Errorf("%v came back as %v", d, got)
		}
	}
}

// FuzzAfkod reads anything as each call. It never panics, tells its errors by code, and what it reads it can write and read
// again to the same.
func FuzzAfkod(f *testing.F) {
	for _, s := range []string{`{}`, `{"ejer":"a","n":1,"leje_sekunder":1e3}`, `{"ejer":"a","leverancer":[1,2]}`, `{"forsoeg":1,"udfald":{"resultat":"accepteret"},"svar":"eA=="}`,
		`{"agent":"a","stier":{"x":["y"]},"poster":[{"noegle":"1","felter":{"a":"b"},"fra":"2026-01-01T00:00:00Z","fejl":{"kode":"k"}}]}`, `{"a":{"b":[{}]}}`, `{"n":1}{`, "[", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		proevAf[hentkald](t, data)
		proevAf[fornykald](t, data)
		proevAf[afslutkald](t, data)
		proevAf[distributor.Indlevering](t, data)
	})
}

func proevAf[V any](t *testing.T, data []byte) {
	t.Helper()
	var v V
	if err := afkod(data, &v); err != nil {
		if k := mox.KodeAf(err); k != mox.KodeUgyldig && k != mox.KodeForStor {
			t.Errorf("%T: %v", v, err)
		}
		return
	}
	b, err := somJSON(v)
	if err != nil {
		t.Skip("a year beyond what JSON times can hold, or the like")
	}
	var igen V
	if err := afkod(b.Bytes(), &igen); err != nil {
		t.Fatalf("%T: written %s: %v", v, b, err)
	}
	if diff := cmp.Diff(v, igen, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%T: %s", v, diff)
	}
}
