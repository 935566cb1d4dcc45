package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

func enBesked(id string, med ...func(*mox.Besked)) mox.Besked {
	b := mox.Besked{ID: mox.BeskedID(id), ObjektID: "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", ObjektType: mox.Sag, Handling: "Arkivér", Registreringstid: time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC),
		Bruger: "Åse <1>", ProcesID: []string{"p-1", "p, 2"}, Relateret: []mox.Relateret{{Rolle: "part: x", ID: "urn:oio:cpr-nr:0000000000"}},
		Indholdstype: "text/plain", Indhold: []byte("linje 1\n\nlinje: 2\n")}
	for _, f := range med {
		f(&b)
	}
	return b.MedStandard()
}

// A besked that was sent in one form is shown in each of them, and what is shown can be sent: it is the same besked again.
func TestBeskedIAlleFormer(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	b := enBesked("5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33")
	raa, err := oio.MarshalCloudEvent(&b)
	if err != nil {
		t.Fatal(err)
	}
	fil := filepath.Join(dir, "besked")
	skriv(t, fil, string(raa))
	kode, ud, fejl := moxKommando(t, "besked", "send", fil, "--dir", dir)
	if kode != exitOK || ud != "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33  modtaget, sendt til 0\n" {
		t.Fatal(kode, ud, fejl)
	}
	for _, form := range former() {
		kode, vist, fejl := moxKommando(t, "besked", "vis", string(b.ID), "--som", form, "--dir", dir)
		if kode != exitOK {
			t.Fatal(form, kode, fejl)
		}
		skriv(t, fil, vist)
		for _, flag := range [][]string{nil, {"--form", form}} {
			kode, ud, fejl = moxKommando(t, append([]string{"besked", "send", fil, "--json", "--dir", dir}, flag...)...)
			var svar []sendsvar
			if err := json.Unmarshal([]byte(ud), &svar); kode != exitOK || err != nil || len(svar) != 1 || !svar[0].Gentaget {
				t.Errorf("%s: %d %s %s\n%s", form, kode, ud, fejl, vist)
			}
		}
	}
	kode, ud, _ = moxKommando(t, "besked", "vis", string(b.ID), "--som", "amqp", "--json", "--dir", dir)
	var svar map[string]string
	if err := json.Unmarshal([]byte(ud), &svar); kode != exitOK || err != nil || svar["form"] != "amqp" || !strings.HasSuffix(svar["tekst"], "\n\nlinje 1\n\nlinje: 2\n") {
		t.Error(kode, ud)
	}
}

// The codes of an agreement are used both ways, and standard input is a file like any other.
func TestBeskedMedKoder(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	koder := filepath.Join(dir, "koder.yaml")
	skriv(t, koder, "objekttype:\n  Sag: 5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e\n")
	k, err := oio.LaesKoder([]byte("objekttype: {Sag: 5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e}"))
	if err != nil {
		t.Fatal(err)
	}
	b := enBesked("urn:x:kuvert")
	raa, err := oio.MarshalKuvert(&b, k)
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if kode := run(t.Context(), []string{"besked", "send", "-", "--koder", koder, "--dir", dir}, bytes.NewReader(raa), &out, &errOut); kode != exitOK {
		t.Fatal(kode, errOut.String())
	}
	kode, ud, fejl := moxKommando(t, "besked", "vis", "urn:x:kuvert", "--som", "xml", "--koder", koder, "--dir", dir)
	if kode != exitOK || cmp.Diff(string(raa), ud) != "" {
		t.Error(kode, fejl, cmp.Diff(string(raa), ud))
	}
}

// The server reads an envelope with the codes that its own configuration names, and says what is wrong with them.
func TestKoderIServeren(t *testing.T) {
	dir := t.TempDir()
	skriv(t, filepath.Join(dir, "mox.yaml"), "koder: koder.yaml\n")
	start := []string{"serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0"}
	for _, skal := range []string{"ret koder", "objekttype.Sag"} {
		if kode, _, fejl := moxKommando(t, start...); kode != exitUgyldig || !strings.Contains(fejl, skal) || !strings.Contains(fejl, "koder.yaml") {
			t.Error(kode, fejl)
		}
		skriv(t, filepath.Join(dir, "koder.yaml"), "objekttype: {Sag: 1}")
	}
	const fil = "objekttype: {Sag: 5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d9e}"
	skriv(t, filepath.Join(dir, "koder.yaml"), fil)
	koer(t, start...)
	k, err := oio.LaesKoder([]byte(fil))
	if err != nil {
		t.Fatal(err)
	}
	b := enBesked("urn:x:kode")
	raa, err := oio.MarshalKuvert(&b, k)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{dir: dir, env: &env{}}
	adresse, noegle, err := s.adgang()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, adresse+"/api/v1/beskeder", bytes.NewReader(raa))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/xml")
	r.Header.Set("Authorization", "Bearer "+noegle)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // not read
	igen, err := s.findBesked(t.Context(), b.ID, "")
	if resp.StatusCode != http.StatusAccepted || err != nil || igen.ObjektType != mox.Sag {
		t.Error(resp.StatusCode, err, igen)
	}
}

// A list is sent in one call; each is answered, and the command fails when one of them was refused.
func TestBeskedSendListe(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	liste := []mox.Besked{enBesked("urn:x:1"), enBesked("urn:x:2", func(b *mox.Besked) { b.ObjektID = "x" }), enBesked("urn:x:3")}
	raa, err := oio.MarshalCloudEvents(liste)
	if err != nil {
		t.Fatal(err)
	}
	fil := filepath.Join(dir, "liste")
	skriv(t, fil, string(raa))
	kode, ud, fejl := moxKommando(t, "besked", "send", fil, "--dir", dir)
	if linjer := strings.Split(ud, "\n"); kode != exitUgyldig || len(linjer) != 4 || !strings.HasPrefix(linjer[0], "urn:x:1  modtaget") ||
		!strings.HasPrefix(linjer[1], "urn:x:2  afvist: ") || !strings.HasPrefix(linjer[2], "urn:x:3  modtaget") || !strings.Contains(fejl, "[1].objektID") {
		t.Error(kode, ud, fejl)
	}
}

// What cannot be read or found is told with a place and the documented exit code.
func TestBeskedFejl(t *testing.T) {
	dir := t.TempDir()
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	fil := func(navn, tekst string) string {
		navn = filepath.Join(dir, navn)
		skriv(t, navn, tekst)
		return navn
	}
	stor := fil("stor", "")
	if err := os.Truncate(stor, maksInput+1); err != nil {
		t.Fatal(err)
	}
	b := enBesked("urn:x:to")
	raa, err := oio.MarshalBesked(&b)
	if err != nil {
		t.Fatal(err)
	}
	to := fil("to", string(raa))
	for _, afsender := range []string{"A", "B"} {
		if kode, _, fejl := moxKommando(t, "besked", "send", to, "--afsender", afsender, "--dir", dir); kode != exitOK {
			t.Fatal(fejl)
		}
	}
	for navn, c := range map[string]struct {
		args []string
		kode int
		skal string
	}{
		"findes ikke":     {[]string{"vis", "urn:x:ingen"}, exitFundet, "beskedID"},
		"ukendt form":     {[]string{"vis", "urn:x:to", "--som", "yaml"}, exitBrug, "cloudevent"},
		"to afsendere":    {[]string{"vis", "urn:x:to"}, exitBrug, "--afsender: A, B"},
		"en anden":        {[]string{"vis", "urn:x:to", "--afsender", "C"}, exitFundet, "C"},
		"den ene":         {[]string{"vis", "urn:x:to", "--afsender", "B"}, exitOK, "urn:x:to"},
		"ingen fil":       {[]string{"send", filepath.Join(dir, "ingen")}, exitUgyldig, "ingen"},
		"mappe":           {[]string{"send", dir}, exitUgyldig, dir},
		"for stor":        {[]string{"send", stor}, exitUgyldig, "MB"},
		"tom":             {[]string{"send", fil("tom", "")}, exitUgyldig, "linje 1"},
		"ikke XML":        {[]string{"send", fil("xml", "<a")}, exitUgyldig, "Haendelsesbesked"},
		"ukendt felt":     {[]string{"send", fil("json", `{"titel": "x"}`)}, exitUgyldig, "titel"},
		"forkert header":  {[]string{"send", fil("amqp", "beskedID: \"x\"\nhandling: Arkivér\n\n")}, exitUgyldig, "linje 2"},
		"fejl i listen":   {[]string{"send", fil("liste", `[{}, {"titel": 1}]`)}, exitUgyldig, "nr. 1"},
		"uden beskedID":   {[]string{"send", fil("uden", `{"objekttype": "Sag"}`)}, exitUgyldig, "beskedID"},
		"fejl i koder":    {[]string{"vis", "urn:x:to", "--koder", fil("koder", "rolle: {a: b}")}, exitUgyldig, "rolle.a"},
		"forkerte tokens": {[]string{"send"}, exitBrug, "arg"},
	} {
		kode, ud, fejl := moxKommando(t, append(append([]string{"besked"}, c.args...), "--dir", dir)...)
		if kode != c.kode || !strings.Contains(ud+fejl, c.skal) {
			t.Errorf("%s: exit code %d, want %d: %s%s", navn, kode, c.kode, ud, fejl)
		}
	}
}

// The server's SOAP has the roles that its configuration names, and it says what is wrong with them.
func TestRollerIServeren(t *testing.T) {
	dir := t.TempDir()
	skriv(t, filepath.Join(dir, "mox.yaml"), "roller: roller.yaml\n")
	start := []string{"serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0"}
	for _, skal := range []string{"ret roller", "farve"} {
		if kode, _, fejl := moxKommando(t, start...); kode != exitUgyldig || !strings.Contains(fejl, skal) || !strings.Contains(fejl, "roller.yaml") {
			t.Error(kode, fejl)
		}
		skriv(t, filepath.Join(dir, "roller.yaml"), "farve: 11111111-2222-4333-8444-555555555555")
	}
	const fil = "ejer: 11111111-2222-4333-8444-555555555555"
	skriv(t, filepath.Join(dir, "roller.yaml"), fil)
	koer(t, start...)
	const soeg = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><SoegInput xmlns="urn:oio:sts:sagdok:sag:1.2.4.0" xmlns:sd="urn:oio:sagdok:3.0.0" xmlns:gd="urn:oio:sts:generelledefinitioner:1.2.4.0">` +
		`<RelationListe><Sagsaktoer><gd:Rolle><sd:UUIDIdentifikator>%s</sd:UUIDIdentifikator></gd:Rolle><gd:ReferenceID><sd:URNIdentifikator>urn:x:1</sd:URNIdentifikator></gd:ReferenceID></Sagsaktoer></RelationListe></SoegInput></s:Body></s:Envelope>`
	for rolle, status := range map[string]string{"11111111-2222-4333-8444-555555555555": "44", "11111111-2222-4333-8444-555555555556": "40"} {
		if svar := soapkald(t, dir, "/soap/sag", fmt.Sprintf(soeg, rolle)); !strings.Contains(svar, ">"+status+"<") {
			t.Errorf("%s: %s", rolle, svar)
		}
	}
}

// soapkald calls the server of a folder.
func soapkald(t *testing.T, dir, sti, krop string) string {
	t.Helper()
	laes := func(fil string) string {
		b, err := os.ReadFile(filepath.Join(dir, fil))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(b))
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, laes("adresse")+sti, strings.NewReader(krop))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml")
	req.Header.Set("Authorization", "Bearer "+laes("lokal.noegle"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
