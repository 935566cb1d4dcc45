package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moxkit/mox"
)

func TestFoelsomhedIMoxYaml(t *testing.T) {
	t.Parallel()
	const uuid = "6b8e7a10-0000-4000-8000-000000000001"
	for yaml, fejl := range map[string]string{
		"": "",
		"register: {kraev_formaal: ja, foelsomhed: {" + uuid + ": VIP_SAGER, 'urn:x:1': IKKE_FORTROLIGE_DATA}}": "",
		"register: {foelsomhed: {" + uuid + ": HEMMELIG}}":                                                      "HEMMELIG",
		"register: {foelsomhed: {fortrolig: VIP_SAGER}}":                                                        "hverken en UUID eller en URN",
		"register: {kraev_formaal: måske}":                                                                      "hverken ja eller nej",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "mox.yaml"), []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := LaesConfig(dir)
		if err == nil {
			_, err = c.foelsomhed()
		}
		if (err == nil) != (fejl == "") || err != nil && (mox.KodeAf(err) != mox.KodeUgyldig || !strings.Contains(err.Error(), fejl)) {
			t.Errorf("%s: %v, want %q", yaml, err, fejl)
		}
	}
}
