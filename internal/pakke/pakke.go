// Command pakke writes what a binary is made of: a list of its modules in CycloneDX (SBOM), and their licences in full. It reads
// them from the binary itself, so nothing can be forgotten.
//
//	go run ./internal/pakke -binaer mox -version 1.0.0 -ud DIR
//
// A module whose licence cannot be told is an error: nobody could say whether it may be passed on.
package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

func main() {
	binaer, version, ud := flag.String("binaer", "", "the binary"), flag.String("version", "", "its version"), flag.String("ud", ".", "where sbom.cdx.json and LICENSER.txt go")
	flag.Parse()
	if err := skriv(*binaer, *version, *ud); err != nil {
		fmt.Fprintln(os.Stderr, "pakke:", err)
		os.Exit(1)
	}
}

func skriv(binaer, version, ud string) error {
	dele, err := moduler(binaer)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(sbom(version, dele), "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(ud, "sbom.cdx.json"), append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(ud, "LICENSER.txt"), licenstekst(dele), 0o644)
}

// del is one module of the binary, or Go itself.
type del struct {
	Sti, Version string
	Licenser     []string // SPDX
	Tekster      []fil
}

type fil struct {
	Navn  string
	Tekst []byte
}

// moduler are those that are in the binary, Go's standard library first.
func moduler(binaer string) ([]del, error) {
	info, err := buildinfo.ReadFile(binaer)
	if err != nil {
		return nil, err
	}
	mapper, err := modulmapper()
	if err != nil {
		return nil, err
	}
	ud := []del{{Sti: "std", Version: strings.TrimPrefix(info.GoVersion, "go")}}
	gorod, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	if err := ud[0].laes(strings.TrimSpace(string(gorod))); err != nil {
		return nil, err
	}
	for _, m := range info.Deps {
		m = erstattet(m)
		d := del{Sti: m.Path, Version: m.Version}
		if err := d.laes(mapper[m.Path]); err != nil {
			return nil, err
		}
		ud = append(ud, d)
	}
	return ud, nil
}

func erstattet(m *debug.Module) *debug.Module {
	if m.Replace != nil {
		return m.Replace
	}
	return m
}

// modulmapper are the folders of the module's dependencies, by path.
func modulmapper() (map[string]string, error) {
	linjer, err := exec.Command("go", "list", "-m", "-f", "{{.Path}}\t{{.Dir}}", "all").Output()
	if err != nil {
		return nil, fmt.Errorf("go list -m all: %w", err)
	}
	ud := map[string]string{}
	for l := range strings.Lines(string(linjer)) {
		sti, mappe, _ := strings.Cut(strings.TrimSpace(l), "\t")
		ud[sti] = mappe
	}
	return ud, nil
}

// The names that licences lie under, and what is to go with them.
var (
	licensfil = regexp.MustCompile(`(?i)^(licen[cs]es?|copying|notice|patents)([-._].*)?$`) //arch:fixed a constant
	ledsager  = regexp.MustCompile(`(?i)^(notice|patents)`)                                 //arch:fixed a constant
)

// laes finds the module's licences in its folder.
func (d *del) laes(mappe string) error {
	poster, err := os.ReadDir(mappe)
	if err != nil {
		return fmt.Errorf("%s: %w", d.Sti, err)
	}
	for _, p := range poster {
		if p.IsDir() || !licensfil.MatchString(p.Name()) {
			continue
		}
		tekst, err := os.ReadFile(filepath.Join(mappe, p.Name()))
		if err != nil {
			return err
		}
		d.Tekster = append(d.Tekster, fil{p.Name(), tekst})
		if ledsager.MatchString(p.Name()) {
			continue
		}
		for _, m := range licensecheck.Scan(tekst).Match {
			if !m.IsURL && !slices.Contains(d.Licenser, m.ID) {
				d.Licenser = append(d.Licenser, m.ID)
			}
		}
	}
	if len(d.Licenser) == 0 {
		return fmt.Errorf("%s %s: its licence cannot be told from %s", d.Sti, d.Version, mappe)
	}
	return nil
}

// The parts of CycloneDX 1.5 that are used; see its JSON schema.
type (
	cyclonedx struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Metadata   metadata    `json:"metadata"`
		Components []component `json:"components"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type     string    `json:"type"`
		Ref      string    `json:"bom-ref"`
		Name     string    `json:"name"`
		Version  string    `json:"version"`
		PURL     string    `json:"purl"`
		Licenses []licence `json:"licenses"`
	}
	licence struct {
		License struct {
			ID string `json:"id"`
		} `json:"license"`
	}
)

func sbom(version string, dele []del) cyclonedx {
	ud := cyclonedx{Format: "CycloneDX", Spec: "1.5", Version: 1, Metadata: metadata{Component: komponent("application", del{Sti: "github.com/moxkit/mox", Version: version, Licenser: []string{"MPL-2.0"}})}}
	for _, d := range dele {
		ud.Components = append(ud.Components, komponent("library", d))
	}
	return ud
}

func komponent(type_ string, d del) component {
	purl := "pkg:golang/" + d.Sti + "@" + d.Version
	c := component{Type: type_, Ref: purl, Name: d.Sti, Version: d.Version, PURL: purl}
	for _, id := range d.Licenser {
		var l licence
		l.License.ID = id
		c.Licenses = append(c.Licenses, l)
	}
	return c
}

// licenstekst is every licence and notice in full, as most of them ask for.
func licenstekst(dele []del) []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "MOX er MPL-2.0; se LICENSE. Det, det er bygget af, har hver sin licens:\n\n")
	for _, d := range dele {
		fmt.Fprintf(&b, "%s %s: %s\n", d.Sti, d.Version, strings.Join(d.Licenser, ", "))
	}
	streg := strings.Repeat("=", 100)
	for _, d := range dele {
		for _, f := range d.Tekster {
			fmt.Fprintf(&b, "\n%s\n%s %s: %s\n%s\n\n%s\n", streg, d.Sti, d.Version, f.Navn, streg, bytes.TrimSpace(f.Tekst))
		}
	}
	return b.Bytes()
}
