package push

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
)

var nuet = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func TestHvadEtSvarBetyder(t *testing.T) {
	t.Parallel()
	for status, vil := range map[int]mox.Udfald{
		200: {Resultat: mox.ResAccepteret},
		201: {Resultat: mox.ResAccepteret},
		202: {Resultat: mox.ResAccepteret},
		204: {Resultat: mox.ResAccepteret},
		300: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		301: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		304: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		307: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		400: {Resultat: mox.ResAfvist, Ansvar: mox.AnsvarAfsender},
		401: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		403: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		404: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		405: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		408: {Resultat: mox.ResMidlertidig},
		409: {Resultat: mox.ResAfvist, Ansvar: mox.AnsvarModtager},
		410: {Resultat: mox.ResAfvist, Ansvar: mox.AnsvarModtager},
		413: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		415: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		422: {Resultat: mox.ResAfvist, Ansvar: mox.AnsvarAfsender},
		425: {Resultat: mox.ResMidlertidig},
		429: {Resultat: mox.ResMidlertidig},
		499: {Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX},
		500: {Resultat: mox.ResMidlertidig},
		501: {Resultat: mox.ResMidlertidig},
		502: {Resultat: mox.ResMidlertidig},
		503: {Resultat: mox.ResMidlertidig},
		504: {Resultat: mox.ResMidlertidig},
		599: {Resultat: mox.ResMidlertidig},
	} {
		for _, form := range []mox.PushForm{mox.FormCloudEvent, mox.FormStruktureret, mox.FormModtagBesked} {
			if form == mox.FormModtagBesked && status/100 == 2 {
				continue // the StandardRetur decides
			}
			fik := doem(form, svar{status: status, header: http.Header{}}, nuet)
			if fik.Resultat != vil.Resultat || fik.Ansvar != vil.Ansvar || fik.Kode != fmt.Sprint(status) || !strings.Contains(fik.Tekst, fmt.Sprint(status)) {
				t.Errorf("%d for %s: %+v", status, form, fik)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for v, vil := range map[string]time.Duration{
		"":    0,
		"0":   0,
		"120": 2 * time.Minute,
		nuet.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		nuet.Add(-time.Hour).Format(http.TimeFormat):       0,
		nuet.AddDate(1, 0, 0).Format(http.TimeFormat):      maksEfter,
		"3600":       time.Hour,
		"3601":       maksEfter,
		"4294967295": maksEfter,
		"4294967296": 0,
		"-5":         0,
		"snart":      0,
	} {
		h := http.Header{"Retry-After": {v}}
		for _, status := range []int{408, 425, 429, 500, 503} {
			if fik := doem(mox.FormCloudEvent, svar{status: status, header: h}, nuet).Efter; fik != vil {
				t.Errorf("%d, %q: %s, want %s", status, v, fik, vil)
			}
		}
		if fik := doem(mox.FormCloudEvent, svar{status: 404, header: h}, nuet).Efter; fik != 0 {
			t.Errorf("404, %q: %s", v, fik)
		}
	}
}

func TestModtagerensForklaringBliverGrunden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ slags, krop, vil string }{
		{"application/problem+json", `{"title":"Findes ikke","detail":"sagen er lukket"}`, "svar 409: sagen er lukket"},
		{"application/json; charset=utf-8", `{"detail":{"kode":7},"message":"sagen er\n lukket"}`, "svar 409: sagen er lukket"},
		{"application/json", `{"fejl":"lukket"}`, "svar 409: lukket"},
		{"application/json", `ikke json`, "svar 409"},
		{"text/plain; charset=utf-8", "sagen\ner \xff lukket ", "svar 409: sagen er ? lukket"},
		{"text/plain", strings.Repeat("å", maksOrd), "svar 409: " + strings.Repeat("å", maksOrd)},
		{"text/plain", strings.Repeat("å", maksOrd+1), "svar 409: " + strings.Repeat("å", maksOrd-1) + "…"},
		{"text/html", "<h1>nej</h1>", "svar 409"},
		{"", "nej", "svar 409"},
	} {
		fik := doem(mox.FormCloudEvent, svar{status: 409, header: http.Header{"Content-Type": {c.slags}}, krop: []byte(c.krop)}, nuet).Tekst
		if fik != c.vil {
			t.Errorf("%s %q: %q", c.slags, c.krop, fik)
		}
	}
}

func modtagBeskedOutput(kode, tekst string) string {
	if tekst != "" {
		tekst = "<sd:FejlbeskedTekst>" + tekst + "</sd:FejlbeskedTekst>"
	}
	return `<?xml version="1.0" encoding="UTF-8"?><sts:ModtagBeskedOutput xmlns:sts="urn:oio:sts:1.0.0" xmlns:sd="urn:oio:sagdok:3.0.0"><sd:StandardRetur>` +
		"<sd:StatusKode>" + kode + "</sd:StatusKode>" + tekst + "</sd:StandardRetur></sts:ModtagBeskedOutput>"
}

func TestStandardReturBestemmerForModtagBesked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kode, tekst string
		vil         mox.Udfald
	}{
		{"20", "", mox.Udfald{Resultat: mox.ResAccepteret, Kode: "20", Tekst: "modtaget"}},
		{"40", "lukket for i dag", mox.Udfald{Resultat: mox.ResMidlertidig, Kode: "40", Tekst: "modtageren kan ikke modtage nu: lukket for i dag"}},
		{"41", "", mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: "41", Tekst: "modtageren kan ikke læse beskeden, eller adgangen er udløbet"}},
		{"51", "", mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: "51", Tekst: "modtageren understøtter ikke beskeden"}},
		{"53", "", mox.Udfald{Resultat: mox.ResMidlertidig, Kode: "53", Tekst: "modtageren kunne ikke gemme beskeden"}},
		{"55", "", mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: "55", Tekst: "modtageren understøtter ikke kuvertens version"}},
		{"49", "nej", mox.Udfald{Resultat: mox.ResFejlet, Ansvar: mox.AnsvarMOX, Kode: "49", Tekst: "modtageren svarede med en ukendt StatusKode: nej"}},
	} {
		s := svar{status: 200, header: http.Header{"Content-Type": {"application/xml"}}, krop: []byte(modtagBeskedOutput(c.kode, c.tekst))}
		if fik := doem(mox.FormModtagBesked, s, nuet); fik != c.vil {
			t.Errorf("%+v", fik)
		}
	}
}

func TestEtSvarUdenStandardReturErIntetJa(t *testing.T) {
	t.Parallel()
	god := modtagBeskedOutput("20", "")
	for navn, c := range map[string]struct {
		s   svar
		vil mox.Resultat
	}{
		"tomt 200":           {svar{status: 200}, mox.ResFejlet},
		"204":                {svar{status: 204}, mox.ResFejlet},
		"en webside":         {svar{status: 200, krop: []byte("<html><p>log ind</html>")}, mox.ResFejlet},
		"en anden rod":       {svar{status: 200, krop: []byte(strings.ReplaceAll(god, "ModtagBeskedOutput", "LaesOutput"))}, mox.ResFejlet},
		"uden kode":          {svar{status: 200, krop: []byte(modtagBeskedOutput("", ""))}, mox.ResFejlet},
		"to koder":           {svar{status: 200, krop: []byte(modtagBeskedOutput("20</sd:StatusKode><sd:StatusKode>40", ""))}, mox.ResFejlet},
		"skåret over":        {svar{status: 200, krop: []byte(god[:len(god)-5])}, mox.ResFejlet},
		"med DTD":            {svar{status: 200, krop: []byte(`<!DOCTYPE x [<!ENTITY a "20">]>` + modtagBeskedOutput("&a;", ""))}, mox.ResFejlet},
		"afbrudt undervejs":  {svar{status: 200, krop: []byte(god[:20]), fejl: errors.New("reset")}, mox.ResUkendt},
		"503 med kode 20":    {svar{status: 503, krop: []byte(god)}, mox.ResMidlertidig},
		"windows-1252, 20":   {svar{status: 200, krop: []byte(strings.ReplaceAll(modtagBeskedOutput("20", "\xe6"), "UTF-8", "windows-1252"))}, mox.ResAccepteret},
		"charset i headeren": {svar{status: 200, header: http.Header{"Content-Type": {"text/xml; charset=iso-8859-1"}}, krop: []byte(modtagBeskedOutput("20", "\xe6"))}, mox.ResAccepteret},
	} {
		if fik := doem(mox.FormModtagBesked, c.s, nuet); fik.Resultat != c.vil {
			t.Errorf("%s: %+v", navn, fik)
		}
	}
}
