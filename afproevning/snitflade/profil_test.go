package snitflade

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox"
)

const godProfil = `produkt: P
version: "1"
leverandoer: L
rolle: modtager
carrier: http
system: Byggesag
adgang: noegle
http: {url: "http://127.0.0.1:9/", noegle: $SNITFLADE_PROEVE}
stimulus: {stop: {kommando: [./stop.sh]}}
effekt: {url: "http://127.0.0.1:9/effekt"}
undtaget: {S-M-001: fordi}
`

// A profile that is written wrongly is refused with its file and what is wrong.
func TestProfiler(t *testing.T) {
	t.Setenv("SNITFLADE_PROEVE", "hemmelig")
	fil := filepath.Join(t.TempDir(), "profil.yaml")
	laes := func(tekst string) (*Profil, error) {
		if err := os.WriteFile(fil, []byte(tekst), 0o600); err != nil {
			t.Fatal(err)
		}
		return LaesProfil(fil)
	}
	p, err := laes(godProfil)
	if err != nil || p.Kald.Noegle != "hemmelig" || p.Former[0] != Binaer || p.frist == 0 {
		t.Fatalf("%+v %v", p, err)
	}
	for navn, c := range map[string]struct{ fra, til, skal string }{
		"ukendt noegle":   {"produkt: P", "prudokt: P", "prudokt"},
		"uden version":    {"version: \"1\"\n", "", "version"},
		"rolle":           {"rolle: modtager", "rolle: begge", "begge"},
		"carrier":         {"carrier: http", "carrier: mail", "mail"},
		"former":          {"adgang: noegle", "adgang: noegle\nformer: [headers]", "headers"},
		"adgang":          {"adgang: noegle", "adgang: fri", "fri"},
		"uden noegle":     {"noegle: $SNITFLADE_PROEVE", "", "http.noegle"},
		"signatur":        {"adgang: noegle", "adgang: signatur", "hemmelighed"},
		"miljoe":          {"$SNITFLADE_PROEVE", "$SNITFLADE_FINDES_IKKE", "SNITFLADE_FINDES_IKKE"},
		"url":             {"http://127.0.0.1:9/\",", "127.0.0.1\",", "http.url"},
		"frist":           {"adgang: noegle", "adgang: noegle\nfrist: snart", "snart"},
		"stimulus":        {"stop:", "opret:", "stimulus.opret"},
		"handling":        {"{kommando: [./stop.sh]}", "{krop: x}", "stimulus.stop"},
		"effekt":          {`{url: "http://127.0.0.1:9/effekt"}`, `{url: "ftp://x"}`, "effekt"},
		"undtaget":        {"S-M-001: fordi", `S-M-001: ""`, "hvorfor"},
		"svar":            {"adgang: noegle", "adgang: noegle\nsvar: måske", "måske"},
		"kvitteringer":    {"adgang: noegle", "adgang: noegle\nsvar: kvittering", "kvitteringer"},
		"amqp":            {"carrier: http", "carrier: amqp", "amqp.maegler"},
		"koe og exchange": {"carrier: http", "carrier: amqp\namqp: {maegler: \"amqp://x/\", koe: a, exchange: b}", "enten"},
	} {
		_, err := laes(strings.Replace(godProfil, c.fra, c.til, 1))
		if mox.KodeAf(err) != mox.KodeUgyldig || !strings.Contains(mox.Forklaring(err)+err.Error(), c.skal) || strings.Contains(err.Error(), "hemmelig\"") {
			t.Errorf("%s: %v", navn, err)
		}
	}
	if _, err := LaesProfil(fil + "x"); mox.KodeAf(err) != mox.KodeUgyldig {
		t.Errorf("%v", err)
	}
}
