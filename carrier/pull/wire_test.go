package pull

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/klient"
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
	b, err := wire.JSON(v)
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
	t.Run("kilde", func(t *testing.T) {
		t.Parallel()
		v := fyldt[store.Kilde]()
		if diff := cmp.Diff(v, rundt(t, fraKilde(v)).kilde()); diff != "" {
			t.Error(diff)
		}
	})
}

// svarende is a client of a server that answers every call with v, as the server does.
func svarende(t *testing.T, v any, err error) *Klient {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := svar(w, http.StatusOK, v); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	k, err := NewKlient(s.URL, "noegle", klient.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Luk)
	return k
}

// What the server answers, the client gives its user whole.
func TestIntetTabesISvaret(t *testing.T) {
	t.Parallel()
	ens := func(vil, har any, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(vil, har); diff != "" {
			t.Errorf("%T: %s", vil, diff)
		}
	}
	ctx := t.Context()
	besked := mox.Besked{ID: "urn:a:b", Version: mox.Beskedversion, Type: "Sag.Rettet", Indholdstype: "application/json", Indhold: []byte(`{"a":"<b> & æ","tal":1.50}`)}

	arbejde := fyldt[distributor.Arbejde]()
	arbejde.Besked = besked
	w, err := fraArbejde(arbejde)
	hentet, err := svarende(t, wire.Hentsvar{Arbejde: []wire.Arbejdesvar{w}}, err).Hent(ctx, "a.b", "ejer", 1, 0, 0)
	ens([]distributor.Arbejde{arbejde}, hentet, err)

	kendt := klient.Kendt{Afsender: "A", Modtaget: time.Unix(1e9, 0).UTC(), Besked: besked, Kvitteringer: []mox.Kvittering{fyldt[mox.Kvittering]()}}
	slettet := klient.Kendt{Afsender: "A", Slettet: true, Kvitteringer: []mox.Kvittering{}}
	k, err := fraKendt(kendt)
	s, err2 := fraKendt(slettet)
	fundet, err := svarende(t, wire.Beskedsvar{Beskeder: []wire.Kendtsvar{k, s}}, errors.Join(err, err2)).Beskeder(ctx, "urn:a:b")
	ens([]klient.Kendt{kendt, slettet}, fundet, err)

	feed := fyldt[klient.Feed]()
	for i := range feed.Poster {
		p := &feed.Poster[i]
		p.Besked, p.Slettet, p.Tilbageholdt = mox.Besked{}, i == 0, i == 1
	}
	hel := feed.Poster[0]
	hel.Besked, hel.Slettet = besked, false
	feed.Poster = append(feed.Poster, hel)
	f, err := fraFeed("a.b", feed)
	laest, err := svarende(t, f, err).Feed(ctx, "a.b", 0, 0, 0)
	ens(feed, laest, err)

	sammendrag := fyldt[klient.Sammendrag]()
	talt, err := svarende(t, sammendragsvar{"a.b", sammendrag}, nil).Sammendrag(ctx, "a.b", 1, 0, 1)
	ens(sammendrag, talt, err)

	afsluttet := fyldt[distributor.Afsluttet]()
	meldt, err := svarende(t, klient.Afsluttet(afsluttet), nil).Done(ctx, distributor.Afslutning{})
	ens(afsluttet, meldt, err)

	modtaget := fyldt[klient.Modtaget]()
	sendt, err := svarende(t, wire.Modtaget(modtaget), nil).Send(ctx, besked)
	ens(modtaget, sendt, err)

	uafsluttede := fyldt[klient.Uafsluttede]()
	u, err := svarende(t, uafsluttede, nil).Uafsluttede(ctx, 0, 0)
	ens(uafsluttede, u, err)
}

// The names on the wire are a promise to those who have built on them.
func TestNavnePaaLinjen(t *testing.T) {
	t.Parallel()
	for navn, c := range map[string]struct {
		v   any
		vil string
	}{
		"hent":  {wire.Hentkald{Ejer: "a", N: 5, Leje: 60, Vent: 1.5}, `{"ejer":"a","n":5,"leje_sekunder":60,"vent_sekunder":1.5}`},
		"forny": {wire.Fornykald{Ejer: "a", Leverancer: []int64{7}, Leje: 60}, `{"ejer":"a","leverancer":[7],"leje_sekunder":60}`},
		"afslut": {afslutkald{Afslutkald: wire.Afslutkald{Forsoeg: 1, Ejer: "a", Udfald: wire.Udfald{Resultat: mox.ResMidlertidig, Efter: 30}}, Agent: "b"},
			`{"forsoeg":1,"ejer":"a","udfald":{"resultat":"midlertidig","efter_sekunder":30},"agent":"b"}`},
		"arbejde": {wire.Hentsvar{Abonnement: "a.b", Arbejde: []wire.Arbejdesvar{{Leverance: 7, Forsoeg: 1, Omgang: 1, Noegle: "n", Ejer: "e", Besked: json.RawMessage(`{"beskedID":"urn:a:b"}`)}}},
			`{"abonnementID":"a.b","arbejde":[{"leverance":7,"forsoeg":1,"omgang":1,"noegle":"n","usikker":false,"ejer":"e","lejet_til":"0001-01-01T00:00:00Z","noegler":null,"besked":{"beskedID":"urn:a:b"}}]}`},
		"sammendrag": {sammendragsvar{"a.b", klient.Sammendrag{Fra: 1, Til: 2, Sidste: 3, Dele: []klient.Del{{Fra: 1, Til: 2, Antal: 1, Hash: "h"}}}},
			`{"abonnementID":"a.b","fra":1,"til":2,"sidste":3,"dele":[{"fra":1,"til":2,"antal":1,"hash":"h"}]}`},
		"modtaget": {wire.Modtaget{BeskedID: "urn:a:b", SendtTil: 2}, `{"beskedID":"urn:a:b","gentaget":false,"sendt_til":2}`},
		"indhold":  {wire.Indholdsvar{URN: "urn:x", Stoerrelse: 3}, `{"urn":"urn:x","stoerrelse":3}`},
	} {
		b, err := wire.JSON(c.v)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.vil+"\n", b.String()); diff != "" {
			t.Errorf("%s: %s", navn, diff)
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
		proevAf[wire.Hentkald](t, data)
		proevAf[wire.Fornykald](t, data)
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
	b, err := wire.JSON(v)
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
