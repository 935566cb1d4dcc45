package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/testenv"
)

// httpserver is a running mox serve with the two systems of docs/http.da.md and their keys.
type httpserver struct {
	*server
	adresse string
	noegle  map[string]string // by the system's name
}

func nyHTTPServer(t *testing.T) *httpserver {
	t.Helper()
	dir := t.TempDir()
	h := &httpserver{server: &server{dir: dir, env: &env{}}, noegle: map[string]string{}}
	var fil strings.Builder
	for _, system := range []string{"Byggesag", "ESDH"} {
		noegle, sha := auth.NyNoegle()
		h.noegle[system] = noegle
		fmt.Fprintf(&fil, "- {navn: %s, system: %s, rolle: system, sha256: %s}\n", strings.ToLower(system), system, sha)
	}
	skriv(t, filepath.Join(dir, "noegler.yaml"), fil.String())
	skriv(t, filepath.Join(dir, "mox.yaml"), "fjern: {api_noegler: noegler.yaml}\n")
	koer(t, "serve", "--json", "--dir", dir, "--listen", "127.0.0.1:0")
	var err error
	if h.adresse, _, err = h.adgang(); err != nil {
		t.Fatal(err)
	}
	for _, a := range [][]string{{"esdh.sager", "ESDH", `{"objekttype":"Sag"}`}, {"byggesag.kvitteringer", "Byggesag", `{"beskedtype":"Kvittering"}`}} {
		if kode, _, fejl := moxKommando(t, "abonnement", "opret", "--id", a[0], "--system", a[1], "--carrier", "pull", "--filter", a[2], "--dir", dir); kode != exitOK {
			t.Fatal(kode, fejl)
		}
	}
	return h
}

// kodeblok is a fenced block of a guide.
type kodeblok struct {
	linje int // of its first line
	sprog string
	tekst string
}

func kodeblokke(t *testing.T, fil string) (ud []kodeblok) {
	t.Helper()
	b, err := os.ReadFile(fil)
	if err != nil {
		t.Fatal(err)
	}
	aaben := false
	nr := 0
	for linje := range strings.Lines(string(b)) {
		nr++
		switch sprog, hegn := strings.CutPrefix(linje, "```"); {
		case hegn && !aaben:
			ud = append(ud, kodeblok{linje: nr + 1, sprog: strings.TrimSpace(sprog)})
			aaben = true
		case hegn:
			aaben = false
		case aaben:
			ud[len(ud)-1].tekst += linje
		}
	}
	return ud
}

// Every command of the guide for vendors is run as it stands, with the real curl, and answers what the guide says.
func TestHTTPVejledningenKanKoeres(t *testing.T) {
	conformance.Proves(t, "mox 35")
	curl := testenv.Curl(t)
	h := nyHTTPServer(t)
	blokke := kodeblokke(t, "../../docs/http.da.md")
	koert := 0
	for i, b := range blokke {
		if b.sprog != "sh" {
			continue
		}
		if i+1 == len(blokke) || blokke[i+1].sprog == "sh" {
			t.Fatalf("linje %d: kommandoen har intet svar", b.linje)
		}
		koert++
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", b.tekst)
		cmd.Env = []string{"PATH=" + filepath.Dir(curl) + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "NO_PROXY=*", "LC_ALL=C.UTF-8",
			"MOX=" + h.adresse, "BYGGESAG=" + h.noegle["Byggesag"], "ESDH=" + h.noegle["ESDH"]}
		var fejl bytes.Buffer
		cmd.Stderr = &fejl
		ud, err := cmd.Output()
		if err != nil {
			t.Fatalf("linje %d: %v %s", b.linje, err, fejl.String())
		}
		if forskel := sammenlign(blokke[i+1], ud); forskel != "" {
			t.Fatalf("linje %d: %s\nsvaret: %s", b.linje, forskel, ud)
		}
	}
	if koert < 12 {
		t.Errorf("kun %d kommandoer", koert)
	}
}

// sammenlign holds an answer against what the guide says; "" is the same.
func sammenlign(vil kodeblok, har []byte) string {
	if vil.sprog != "json" {
		if vil.tekst != string(har) {
			return fmt.Sprintf("vejledningen siger %q", vil.tekst)
		}
		return ""
	}
	var v, h any
	if err := json.Unmarshal([]byte(vil.tekst), &v); err != nil {
		return "vejledningens svar er ikke JSON: " + err.Error()
	}
	if err := json.Unmarshal(har, &h); err != nil {
		return "svaret er ikke JSON: " + err.Error()
	}
	return forskel("svaret", v, h)
}

// forskel finds the first place where har is not vil, in which "…" is any value.
func forskel(sti string, vil, har any) string {
	if vil == "…" {
		return ""
	}
	switch v := vil.(type) {
	case map[string]any:
		h, _ := har.(map[string]any)
		for navn := range h {
			if _, ok := v[navn]; !ok {
				return sti + "." + navn + " står ikke i vejledningen"
			}
		}
		for navn := range v {
			if _, ok := h[navn]; !ok {
				return sti + "." + navn + " mangler"
			}
			if f := forskel(sti+"."+navn, v[navn], h[navn]); f != "" {
				return f
			}
		}
		return ""
	case []any:
		h, _ := har.([]any)
		if len(h) != len(v) {
			return fmt.Sprintf("%s har %d poster, vejledningen %d", sti, len(h), len(v))
		}
		for i := range v {
			if f := forskel(fmt.Sprintf("%s[%d]", sti, i), v[i], h[i]); f != "" {
				return f
			}
		}
		return ""
	}
	if vil != har {
		return fmt.Sprintf("%s er %v, vejledningen siger %v", sti, har, vil)
	}
	return ""
}

// What the vendors' calls are is open to anyone who reaches the server; what the operators' are, to those who may make them.
func TestHvemMaaLaeseDokumentationen(t *testing.T) {
	h := nyHTTPServer(t)
	_, lokal, err := h.adgang()
	if err != nil {
		t.Fatal(err)
	}
	h.noegle["drift"] = lokal
	for _, sti := range []string{"openapi.json", "dokumentation"} {
		for hvem, vil := range map[string][2]int{"": {200, 401}, "ESDH": {200, 403}, "drift": {200, 200}} {
			for i, rod := range []string{"/api/v1/", "/api/v1/drift/"} {
				if status, svar, _ := h.raat(t, hvem, "GET", rod+sti, nil); status != vil[i] || status == 200 && len(svar) < 10_000 {
					t.Errorf("%q %s: %d, %d bytes, skulle være %d", hvem, rod+sti, status, len(svar), vil[i])
				}
			}
		}
	}
}
