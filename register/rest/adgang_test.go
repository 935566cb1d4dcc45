package rest_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/register"
)

// celle is where an objekt belongs: its owner, its KLE number and how sensitive it is, in the test's own words.
type celle struct{ ejer, kle, foelsom string }

const (
	fortrolig = "6b8e7a10-0000-4000-8000-000000000001" // what mox.yaml calls FORTROLIGE_PERSONOPLYSNINGER
	fremmed   = "6b8e7a10-0000-4000-8000-000000000002" // what it says nothing of
)

func (c celle) relationer() string {
	var ud []string
	tag := func(navn, v string) {
		if v != "" {
			ud = append(ud, `"`+navn+`":[{`+v+`,`+altid+`}]`)
		}
	}
	tag("ejer", map[string]string{"A": `"urn":"urn:oio:cvr-nr:11111111"`, "B": `"urn":"URN:OIO:CVR:22222222"`, "": `"uuid":"6b8e7a10-0000-4000-8000-00000000000a"`}[c.ejer])
	tag("primaerklasse", map[bool]string{true: `"urn":"urn:oio:kle:` + c.kle + `"`}[c.kle != ""])
	tag("foelsomhedsklasse", map[string]string{"lav": `"urn":"urn:mox:foelsomhed:IKKE_FORTROLIGE_DATA"`, "fortrolig": `"uuid":"` + fortrolig + `"`, "fremmed": `"uuid":"` + fremmed + `"`}[c.foelsom])
	return strings.Join(ud, ",")
}

// celler are the places there are: each that says everything, and some that do not say whose, or about what.
func celler() []celle {
	ud := []celle{{"", "27.03.08", "lav"}, {"", "27.03.08", ""}, {"A", "", "lav"}, {"A", "", "fortrolig"}}
	for _, ejer := range []string{"A", "B"} {
		for _, kle := range []string{"27.03.08", "02.34.02"} {
			for _, f := range []string{"lav", "fortrolig", "fremmed", ""} {
				ud = append(ud, celle{ejer, kle, f})
			}
		}
	}
	return ud
}

// kalder is somebody who calls, and by a rule of the test's own what it may; nil = nothing at all.
type kalder struct {
	auth.Identitet
	laeser, skriver func(celle) bool
}

func alle(celle) bool { return true }

func aftalenMed(system string, laese, skrive []mox.Ret, til time.Time) mox.Aftale {
	return mox.Aftale{Navn: system, System: system, GyldigFra: time.Unix(0, 0), GyldigTil: til, MaaLaese: laese, MaaSkrive: skrive}
}

func adgangsaftaler() mox.Aftaler {
	sag := []mox.ObjektType{mox.Sag}
	a, b := []string{"11111111"}, []string{"22222222"}
	return mox.Aftaler{
		aftalenMed("kun-laes", []mox.Ret{{Objekttyper: sag, Myndigheder: a}}, nil, time.Time{}),
		aftalenMed("to-rettigheder", []mox.Ret{{Objekttyper: sag, Myndigheder: a}, {Objekttyper: sag, Myndigheder: b, KLE: []string{"02.*"}, Foelsomhed: []string{"VIP_SAGER", mox.Uoplyst}}}, nil, time.Time{}),
		aftalenMed("skriver", []mox.Ret{{Objekttyper: sag, Myndigheder: a}}, []mox.Ret{{Objekttyper: sag, KLE: []string{"27.03.08"}, Myndigheder: b, Foelsomhed: []string{mox.IkkeFortrolig, "FORTROLIGE_PERSONOPLYSNINGER"}}}, time.Time{}),
		aftalenMed("dokumenter", []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Dokument}, Foelsomhed: []string{mox.Uoplyst}}}, nil, time.Time{}),
		aftalenMed("kun-beskeder", nil, nil, time.Time{}),
		aftalenMed("udloebet", []mox.Ret{{Objekttyper: sag}}, nil, time.Unix(1, 0)),
	}
}

func kaldere() []kalder {
	person := func(navn string, rolle auth.Rolle, k mox.Kreds, maa func(celle) bool) kalder {
		ud := kalder{Identitet: auth.Identitet{Navn: navn, Rolle: rolle, Kreds: &k}, laeser: maa}
		if rolle != auth.Laeser {
			ud.skriver = maa
		}
		return ud
	}
	system := func(navn string, laeser, skriver func(celle) bool) kalder {
		return kalder{Identitet: auth.Identitet{Navn: navn, System: navn, Rolle: auth.System}, laeser: laeser, skriver: skriver}
	}
	aLav := func(c celle) bool { return c.ejer == "A" && c.foelsom == "lav" }
	b27 := func(c celle) bool {
		return c.ejer == "B" && c.kle == "27.03.08" && (c.foelsom == "lav" || c.foelsom == "fortrolig")
	}
	return []kalder{
		{Identitet: auth.Identitet{Navn: "uden-graenser", Rolle: auth.Drift}, laeser: alle, skriver: alle},
		person("laeser", auth.Laeser, mox.Kreds{}, alle),
		person("kommune-a", auth.Drift, mox.Kreds{Myndigheder: []string{"11111111"}}, func(c celle) bool { return c.ejer == "A" }),
		person("begge", auth.Laeser, mox.Kreds{Myndigheder: []string{"11111111", "22222222"}}, func(c celle) bool { return c.ejer != "" }),
		person("social", auth.Drift, mox.Kreds{KLE: []string{"27.*"}}, func(c celle) bool { return c.kle == "27.03.08" }),
		person("lav-eller-uoplyst", auth.Drift, mox.Kreds{Foelsomhed: []string{mox.IkkeFortrolig, mox.Uoplyst}}, func(c celle) bool { return c.foelsom == "lav" || c.foelsom == "" }),
		person("vip", auth.Laeser, mox.Kreds{Foelsomhed: []string{"VIP_SAGER"}}, func(c celle) bool { return c.foelsom == "fremmed" }),
		person("alt-paa-en-gang", auth.Drift, mox.Kreds{Myndigheder: []string{"11111111"}, KLE: []string{"02.34.*", "27.03.08"}, Foelsomhed: []string{"FORTROLIGE_PERSONOPLYSNINGER"}},
			func(c celle) bool { return c.ejer == "A" && c.kle != "" && c.foelsom == "fortrolig" }),
		system("kun-laes", aLav, nil),
		system("to-rettigheder", func(c celle) bool {
			return aLav(c) || c.ejer == "B" && c.kle == "02.34.02" && (c.foelsom == "fremmed" || c.foelsom == "")
		}, nil),
		system("skriver", func(c celle) bool { return aLav(c) || b27(c) }, b27),
		system("dokumenter", func(celle) bool { return false }, nil),
		system("kun-beskeder", nil, nil),
		system("udloebet", nil, nil),
		system("uden-aftale", nil, nil),
	}
}

// flyttet is an objekt that was one place first and is another now.
type flyttet struct {
	id, bvn  string
	var_, er celle
}

// verden is an objekt for every cell, which has moved to another, each at a known time.
type verden struct {
	*hus
	objekter []flyttet
	foer     string // registreringstid when none had moved
}

func nyVerden(h *hus) *verden {
	v := &verden{hus: h}
	alle := celler()
	for i, c := range alle {
		f := flyttet{bvn: fmt.Sprintf("S-%02d", i), var_: c, er: alle[(i*7+5)%len(alle)]}
		f.id = h.ny(sag(f.bvn, "", c.relationer()))
		v.objekter = append(v.objekter, f)
	}
	v.foer = h.slutningAf(v.objekter[len(v.objekter)-1].id)
	for _, f := range v.objekter {
		h.kald("PUT", "/sag/sag/"+f.id, sag(f.bvn, "", f.er.relationer())).vil(200)
	}
	return v
}

// dem are the UUIDs of the objekter that ok takes, in the order of their key.
func (v *verden) dem(ok func(flyttet) bool) (ud []string) {
	for _, f := range v.objekter {
		if ok(f) {
			ud = append(ud, f.id)
		}
	}
	return ud
}

// TestAdgangtilRegisteret is a matrix: whoever may call × wherever an objekt may belong, now and before × every way to it.
func TestAdgangtilRegisteret(t *testing.T) {
	conformance.Proves(t, "mox 57")
	paaBeggeMed(t, adgangsaftaler(), register.Options{Foelsomhed: map[string]string{fortrolig: "FORTROLIGE_PERSONOPLYSNINGER"}}, func(h *hus) {
		v := nyVerden(h)
		for _, k := range kaldere() {
			h.hvem = k.Identitet
			if k.laeser == nil {
				v.lukket()
				continue
			}
			v.laeserEt(k)
			v.laeserFlere(k)
			v.soeger(k)
		}
		for _, k := range kaldere() {
			if h.hvem = k.Identitet; k.laeser != nil {
				v.skriver(k)
			}
		}
	})
}

// ider are the objekter of an answer to List or Søg, or the lines of a stream.
func ider(l any) (ud []string) {
	rod, _ := l.(map[string]any)
	for _, side := range rod["results"].([]any) {
		for _, x := range side.([]any) {
			switch x := x.(type) {
			case string:
				ud = append(ud, x)
			case map[string]any:
				ud = append(ud, x["id"].(string))
			}
		}
	}
	return ud
}

func (v *verden) ens(k, hvad string, har, vil []string) {
	v.Helper()
	if !slices.Equal(har, vil) {
		v.Errorf("%s, %s: %d objekter, want %d:\n%v\n%v", k, hvad, len(har), len(vil), har, vil)
	}
}

// lukket asks as one whom the register is not for.
func (v *verden) lukket() {
	v.Helper()
	sti := "/sag/sag/" + v.objekter[0].id
	for _, s := range []string{sti, "/sag/sag?uuid=" + v.objekter[0].id, "/sag/sag?titel=%25", sti + "/forskel", "/dokument/dokument/sha256/" + strings.Repeat("a", 64) + ".bin"} {
		v.kald("GET", s, "").vil(403)
	}
	for metode, krop := range map[string]string{"POST": sag("x", "", ""), "PUT": sag("x", "", ""), "PATCH": `{"note":"x"}`, "DELETE": ""} {
		s := sti
		if metode == "POST" {
			s = "/sag/sag"
		}
		v.kald(metode, s, krop).vil(403)
	}
	v.kald("POST", "/sag/sag/soeg", "titel=%25", "Content-Type: application/x-www-form-urlencoded").vil(403)
}

func ellers404(ja bool) int {
	if ja {
		return 200
	}
	return 404
}

func (v *verden) laeserEt(k kalder) {
	v.Helper()
	da := "?registreringstid=" + urlTid(v.foer)
	for _, f := range v.objekter {
		sti := "/sag/sag/" + f.id
		v.kald("GET", sti, "").vil(ellers404(k.laeser(f.er)))
		v.kald("GET", sti+da, "").vil(ellers404(k.laeser(f.var_)))
		v.kald("GET", sti+"/forskel", "").vil(ellers404(k.laeser(f.er)))
		s := v.kald("GET", sti+"?registreretfra=-infinity", "").vil(ellers404(k.laeser(f.er) || k.laeser(f.var_)))
		antal := 0
		if s.status == 200 {
			antal = len(s.indre(f.id).json.([]any))
		}
		vil := map[bool]int{true: 1}
		if n := vil[k.laeser(f.er)] + vil[k.laeser(f.var_)]; antal != n {
			v.Errorf("%s sees %d registreringer of %+v, want %d", k.Navn, antal, f, n)
		}
	}
}

func (v *verden) laeserFlere(k kalder) {
	v.Helper()
	q := "/sag/sag?virkningstid=2026-01-01"
	for _, f := range v.objekter {
		q += "&uuid=" + f.id
	}
	er := v.dem(func(f flyttet) bool { return k.laeser(f.er) })
	v.ens(k.Navn, "List", ider(v.kald("GET", q, "").vil(200).json), er)
	v.ens(k.Navn, "List da", ider(v.kald("GET", q+"&registreringstid="+urlTid(v.foer), "").vil(200).json), v.dem(func(f flyttet) bool { return k.laeser(f.var_) }))
	stroem, _ := v.linjer("/sag/sag?bvn=S-%25")
	v.ens(k.Navn, "strøm", stroem, er)
}

func (v *verden) soeger(k kalder) {
	v.Helper()
	const paaA = "ejer=urn:oio:cvr-nr:11111111"
	soeg := func(q string) []string { return ider(v.kald("GET", "/sag/sag?"+q, "").vil(200).json) }
	er := func(f flyttet) bool { return k.laeser(f.er) }
	var sider []string
	for spring := 0; ; spring += 5 {
		side := soeg(fmt.Sprintf("bvn=S-%%25&maximalantalresultater=5&foersteresultat=%d", spring))
		sider = append(sider, side...)
		if len(side) < 5 {
			break
		}
	}
	v.ens(k.Navn, "Søg", sider, v.dem(er))
	v.ens(k.Navn, "Søg A", soeg(paaA), v.dem(func(f flyttet) bool { return er(f) && f.er.ejer == "A" }))
	v.ens(k.Navn, "Søg A da", soeg(paaA+"&registreringstid="+urlTid(v.foer)), v.dem(func(f flyttet) bool { return k.laeser(f.var_) && f.var_.ejer == "A" }))
	v.ens(k.Navn, "Søg A nogensinde", soeg(paaA+"&registreretfra=-infinity"), v.dem(func(f flyttet) bool {
		return er(f) && f.er.ejer == "A" || k.laeser(f.var_) && f.var_.ejer == "A"
	}))
	v.ens(k.Navn, "Søg nogensinde", soeg("bvn=S-%25&registreretfra=-infinity"), v.dem(func(f flyttet) bool { return er(f) || k.laeser(f.var_) }))
	form := v.kald("POST", "/sag/sag/soeg", "vilkaarligattr=S-%25&vilkaarligrel=urn:oio:kle:27.03.08", "Content-Type: application/x-www-form-urlencoded").vil(200)
	v.ens(k.Navn, "formular", ider(form.json), v.dem(func(f flyttet) bool { return er(f) && f.er.kle == "27.03.08" }))
}

// skriver tries to change what there is, and to make what there is not. What is changed is put back.
func (v *verden) skriver(k kalder) {
	v.Helper()
	maa := k.skriver
	if maa == nil {
		maa = func(celle) bool { return false }
	}
	nej := map[bool]int{true: 403, false: 404} // whether the caller sees it
	for i, f := range v.objekter {
		sti, maal := "/sag/sag/"+f.id, v.objekter[(i*3+1)%len(v.objekter)].er
		flyt := sag(f.bvn, "", maal.relationer())
		switch seer := k.laeser(f.er); {
		case k.skriver == nil:
			v.kald("PUT", sti, flyt).vil(403)
		case !maa(f.er):
			v.kald("PUT", sti, flyt).vil(nej[seer])
			v.kald("PATCH", sti, `{"relationer":{"primaerklasse":[]}}`).vil(nej[seer])
			v.kald("PATCH", sti, `{"livscyklus":"Passiv"}`).vil(nej[seer])
			v.kald("DELETE", sti, "").vil(nej[seer])
		case i%3 > 0: // some are enough
		case maa(maal):
			v.kald("PUT", sti, flyt).vil(200)
			v.putTilbage(f)
		default:
			v.kald("PUT", sti, flyt).vil(403)
		}
	}
	for i, c := range celler() {
		if i%4 != len(k.Navn)%4 && !maa(c) || maa(c) && i%5 > 0 {
			continue
		}
		s := v.kald("POST", "/sag/sag", sag("NY", "", c.relationer())).vil(map[bool]int{true: 201, false: 403}[maa(c)])
		if s.status == 201 {
			v.kald("DELETE", "/sag/sag/"+s.paa("uuid"), "").vil(202)
		}
	}
}

func (v *verden) putTilbage(f flyttet) {
	v.Helper()
	hvem := v.hvem
	v.hvem = auth.Lokal()
	v.kald("PUT", "/sag/sag/"+f.id, sag(f.bvn, "", f.er.relationer())).vil(200)
	v.hvem = hvem
}

// TestAdgangTilIndhold reads document bytes, which are in two places, and tries to get at them by a Dokument of one's own.
func TestAdgangTilIndhold(t *testing.T) {
	conformance.Proves(t, "mox 57", "oio 89")
	paaBegge(t, func(h *hus) {
		lager := map[string]string{}
		for _, ejer := range []string{"A", "B"} {
			krop := strings.Replace(dokument("field:fil", "application/pdf"), `"tilstande"`, `"relationer":{`+celle{ejer: ejer}.relationer()+`},"tilstande"`, 1)
			id := h.formular("POST", "/dokument/dokument", krop, map[string]string{"fil": "%PDF-1.7 " + ejer}).vil(201).paa("uuid")
			lager[ejer] = h.kald("GET", "/dokument/dokument/"+id, "").vil(200).indre(id).paa("0.varianter.0.dele.0.egenskaber.0.indhold")
		}
		h.hvem = auth.Identitet{Navn: "a", Rolle: auth.Drift, Kreds: &mox.Kreds{Myndigheder: []string{"11111111"}}}
		for _, ejer := range slices.Sorted(maps.Keys(lager)) {
			vil := ellers404(ejer == "A")
			for _, q := range []string{"", "?registreringstid=" + urlTid(time.Now().Add(time.Hour).UTC().Format(time.RFC3339))} {
				if status, _, tekst := h.hent("/dokument/dokument/" + strings.TrimPrefix(lager[ejer], "store:") + q); status != vil {
					h.Errorf("%s%s: %d, want %d: %s", ejer, q, status, vil, tekst)
				}
			}
			egen := strings.Replace(dokument(lager[ejer], "application/pdf"), `"tilstande"`, `"relationer":{`+celle{ejer: "A"}.relationer()+`},"tilstande"`, 1)
			h.kald("POST", "/dokument/dokument", egen).vil(map[bool]int{true: 201, false: 400}[ejer == "A"])
		}
		egen := strings.Replace(dokument("field:fil", "application/pdf"), `"tilstande"`, `"relationer":{`+celle{ejer: "A"}.relationer()+`},"tilstande"`, 1)
		h.formular("POST", "/dokument/dokument", egen, map[string]string{"fil": "%PDF-1.7 B"}).vil(201) // whoever sends the bytes has them
	})
}
