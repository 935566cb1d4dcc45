package oio_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// TestSletning: an order to erase is carried in every form, is never taken for a registrering, and is not trimmed away.
func TestSletning(t *testing.T) {
	t.Parallel()
	b := mox.Besked{ID: "11111111-2222-4333-8444-555555555555", Version: mox.Beskedversion, Type: mox.TypeSletning, ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag, LivscyklusKode: mox.Slettet,
		Aktoer: "cccccccc-0000-4000-8000-000000000003", Kildesystem: "Register", Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC), Objektreference: "/sag/sag/8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11",
		Indholdstype: oio.TypeJSON, Indhold: []byte(`{"objektID":"8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11","objekttype":"Sag","frist":"2026-04-01T09:15:00Z"}`)}
	if err := b.Valider(); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := oio.Kontroller(&b); ok || err != nil {
		t.Errorf("it is taken for a registrering: %t %v", ok, err)
	}
	if x := oio.MedXML(b, oio.Koder{}); !bytes.Equal(x.Indhold, b.Indhold) {
		t.Errorf("%s", x.Indhold)
	}
	som, fjernet, err := oio.Beskaer(b, aftaltOm(mox.Sag, "egenskaber.titel"))
	if err != nil || fjernet || !bytes.Equal(som.Indhold, b.Indhold) {
		t.Errorf("%+v %t %v", som, fjernet, err)
	}
	kanonisk := b.Kanonisk()
	for navn, f := range map[string]func() (mox.Besked, error){
		"JSON": func() (mox.Besked, error) {
			raa, err := oio.MarshalBesked(&b)
			if err != nil {
				return b, err
			}
			return oio.UnmarshalBesked(raa)
		},
		"CloudEvent": func() (mox.Besked, error) {
			raa, err := oio.MarshalCloudEvent(&b)
			if err != nil {
				return b, err
			}
			return oio.UnmarshalCloudEvent(raa)
		},
		"AMQP": func() (mox.Besked, error) { return oio.FraHeaders(oio.Headers(&b), b.Indholdstype, b.Indhold) },
	} {
		if x, err := f(); err != nil || !bytes.Equal(x.Kanonisk(), kanonisk) {
			t.Errorf("%s: %v\n%s\n%s", navn, err, x.Kanonisk(), kanonisk)
		}
	}
	raa, err := oio.MarshalKuvert(&b, oio.Koder{})
	if err != nil {
		t.Fatal(err)
	}
	if x, err := oio.UnmarshalKuvert(raa, oio.Koder{}); err != nil || x.Type != mox.TypeSletning || x.ObjektID != b.ObjektID || !bytes.Contains(x.Indhold, []byte("2026-04-01T09:15:00Z")) {
		t.Errorf("Haendelsesbesked: %v %+v", err, x)
	}
}
