package vejledning

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// alleDokumenter are all Markdown files of docs, and the README as ../README.md.
func alleDokumenter(t *testing.T) map[string]*dokument {
	t.Helper()
	rod := docs(t)
	ud := map[string]*dokument{}
	laes := func(fil string) {
		b, err := os.ReadFile(fil)
		if err != nil {
			t.Fatal(err)
		}
		sti, err := filepath.Rel(rod, fil)
		if err != nil {
			t.Fatal(err)
		}
		sti = filepath.ToSlash(sti)
		ud[sti] = laesDokument(sti, b)
	}
	err := filepath.WalkDir(rod, func(fil string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(fil) == ".md" {
			laes(fil)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	laes(filepath.Join(rod, "..", "README.md"))
	return ud
}

// links are where the links of a document go.
func links(d *dokument) (ud []string) {
	se := func(tekst []stykke) {
		for _, s := range tekst {
			if s.link != "" && !slices.Contains(ud, s.link) {
				ud = append(ud, s.link)
			}
		}
	}
	for _, b := range d.blokke {
		se(b.tekst)
		for _, r := range b.celler {
			for _, c := range r {
				se(c.tekst)
			}
		}
	}
	return ud
}

// doedt tells what is wrong with a link within the repository; "" is nothing.
func doedt(rod string, alle map[string]*dokument, d *dokument, link string) string {
	adresse, sti, anker := maal(d, link)
	if adresse != "" {
		return ""
	}
	if _, err := os.Stat(filepath.Join(rod, filepath.FromSlash(sti))); err != nil {
		return "the file is not there"
	}
	if anker == "" {
		return ""
	}
	if alle[sti] == nil || !slices.ContainsFunc(alle[sti].blokke, func(b blok) bool { return b.art == overskrift && b.anker == anker }) {
		return "the file has no such heading"
	}
	return ""
}

func TestHvertLinkFoererTilNoget(t *testing.T) {
	t.Parallel()
	rod, alle := docs(t), alleDokumenter(t)
	antal := 0
	for sti, d := range alle {
		for _, l := range links(d) {
			antal++
			if fejl := doedt(rod, alle, d, l); fejl != "" {
				t.Errorf("%s: %s: %s", sti, l, fejl)
			}
		}
	}
	if antal < 200 {
		t.Errorf("only %d links were found", antal)
	}
	for l, vil := range map[string]bool{"drift.md": true, "drift.md#alarmer": true, "drift.md#alarmerne": false, "drif.md": false, "http.da.md#feed-hvad-har-jeg-ikke-fået": true} {
		if fejl := doedt(rod, alle, alle["agent.md"], l); (fejl == "") != vil {
			t.Errorf("%s: %q", l, fejl)
		}
	}
}

// A guide that no one has put into dokumenter.yaml would reach no reader.
func TestHvertDokumentErISamlingen(t *testing.T) {
	t.Parallel()
	s := laesAlt(t)
	for sti := range alleDokumenter(t) {
		if (strings.HasPrefix(sti, "haandbog/") || strings.HasPrefix(sti, "vejledning/")) && s.efter[sti] == nil {
			t.Errorf("%s is not in docs/dokumenter.yaml", sti)
		}
	}
}

// What is made from the measurements and the cases is as they are now.
func TestDetLavedeErNyt(t *testing.T) {
	t.Parallel()
	side, err := proeveside(docs(t))
	if err != nil {
		t.Fatal(err)
	}
	alle := map[string]string{proeveFil: side}
	for fil, tal := range talsider() {
		s, err := tal(docs(t))
		if err != nil {
			t.Fatal(err)
		}
		alle[fil] = talBegynd + "\n" + s + "\n" + talSlut
	}
	for fil, vil := range alle {
		b, err := os.ReadFile(filepath.Join(docs(t), filepath.FromSlash(fil)))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), vil) {
			t.Errorf("docs/%s is not current; run: go run ./internal/vejledning/lav -opdater", fil)
		}
	}
}

// Ten questions, each with its answer and the place where all of it is; that the place exists, the links' test says.
func TestLaeserproevenHarTiSvar(t *testing.T) {
	t.Parallel()
	d := laesAlt(t).efter["laeserproeve.md"]
	steder := map[string]int{}
	spoergsmaal := ""
	for _, b := range d.blokke {
		switch {
		case b.art == overskrift && b.niveau == 2:
			spoergsmaal = ren(b.tekst)
			steder[spoergsmaal] = 0
		case b.art == afsnit && strings.HasPrefix(ren(b.tekst), "Stedet: "):
			for _, s := range b.tekst {
				if s.link != "" {
					steder[spoergsmaal]++
				}
			}
		}
	}
	if len(steder) != 10 {
		t.Errorf("%d questions", len(steder))
	}
	for q, n := range steder {
		if n == 0 || !strings.HasSuffix(q, "?") {
			t.Errorf("%q has %d places", q, n)
		}
	}
}

// Each stakeholder's page has questions, and an answer and a proof for each: a link or a command.
func TestInteressenternesSvarHarBevis(t *testing.T) {
	t.Parallel()
	sider := 0
	for sti, d := range laesAlt(t).efter {
		if !strings.HasPrefix(sti, "vejledning/interessenter/") {
			continue
		}
		sider++
		i := slices.IndexFunc(d.blokke, func(b blok) bool { return b.art == tabel })
		if i < 0 {
			t.Errorf("%s has no questions", sti)
			continue
		}
		for _, r := range d.blokke[i].celler[1:] {
			bevis := slices.ContainsFunc(r[2].tekst, func(s stykke) bool { return s.link != "" || s.kode })
			if ren(r[0].tekst) == "" || ren(r[1].tekst) == "" || !bevis {
				t.Errorf("%s: %q has no answer or no proof", sti, ren(r[0].tekst))
			}
		}
	}
	if sider != 8 {
		t.Errorf("%d pages", sider)
	}
}

func lavet(t *testing.T) string {
	t.Helper()
	til := t.TempDir()
	if err := Lav(docs(t), til, time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	return til
}

// TestDokumenterneLaves makes all of them and looks at each.
func TestDokumenterneLaves(t *testing.T) {
	t.Parallel()
	til, s := lavet(t), laesAlt(t)
	t.Run("Sted", func(t *testing.T) { stedet(t, til, s) })
	for _, b := range s.boeger() {
		t.Run("ODT/"+b.navn, func(t *testing.T) { odtHarAlt(t, filepath.Join(til, b.navn+".odt"), &b) })
		t.Run("PDF/"+b.navn, func(t *testing.T) {
			f, err := os.ReadFile(filepath.Join(til, b.navn+".pdf"))
			if err != nil || !bytes.HasPrefix(f, []byte("%PDF-")) || !bytes.Contains(f, []byte("/Outlines")) {
				t.Errorf("%d bytes: %v", len(f), err)
			}
		})
	}
}

// stedet: every link of every page leads to a file of the site and a place in it, and nothing is fetched from elsewhere.
func stedet(t *testing.T, til string, s *samling) {
	t.Helper()
	id, href := regexp.MustCompile(` id="([^"]+)"`), regexp.MustCompile(`(?:href|src)="([^"]+)"`)
	sider := map[string]string{}
	for _, fil := range alleFiler(t, filepath.Join(til, "sted")) {
		b, err := os.ReadFile(filepath.Join(til, "sted", filepath.FromSlash(fil)))
		if err != nil {
			t.Fatal(err)
		}
		sider["sted/"+fil] = string(b)
	}
	if len(sider) != len(s.efter)+1 {
		t.Errorf("%d pages of %d documents", len(sider), len(s.efter))
	}
	for navn, html := range sider {
		if strings.Contains(html, "<script") || strings.Contains(html, "@import") || strings.Contains(html, `src="`) {
			t.Errorf("%s fetches something", navn)
		}
		for _, m := range href.FindAllStringSubmatch(html, -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				t.Errorf("%s: %v", navn, err)
				continue
			}
			if u.IsAbs() {
				continue
			}
			sti := navn
			if u.Path != "" {
				sti = path.Join(path.Dir(navn), u.Path)
			}
			if _, err := os.Stat(filepath.Join(til, filepath.FromSlash(sti))); err != nil {
				t.Errorf("%s: %s is not there", navn, m[1])
			} else if u.Fragment != "" && !slices.ContainsFunc(id.FindAllStringSubmatch(sider[sti], -1), func(x []string) bool { return x[1] == u.Fragment }) {
				t.Errorf("%s: %s has no such place", navn, m[1])
			}
		}
	}
}

func alleFiler(t *testing.T, dir string) (ud []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(sti string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			ud = append(ud, sti)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ud
}

// odtHarAlt: the file is as OpenDocument demands, its XML is well-formed, and the words are the documents', in their order.
func odtHarAlt(t *testing.T, fil string, b *bog) {
	t.Helper()
	z, err := zip.OpenReader(fil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }() // only read
	if f := z.File[0]; f.Name != "mimetype" || f.Method != zip.Store {
		t.Errorf("the first part is %s, method %d", f.Name, f.Method)
	}
	dele := map[string]string{}
	for _, f := range z.File {
		dele[f.Name] = xmlTekst(t, f)
	}
	har := strings.Join(strings.Fields(dele["content.xml"]), "")
	for _, d := range b.dokumenter {
		for _, x := range d.blokke {
			vil := ren(x.tekst) + strings.Join(x.linjer, "")
			for _, r := range x.celler {
				for _, c := range r {
					vil += ren(c.tekst)
				}
			}
			if vil = strings.Join(strings.Fields(vil), ""); !strings.Contains(har, vil) {
				t.Errorf("%s: %.60q is not in the file", d.sti, vil)
			}
		}
	}
}

// xmlTekst is the text of a part of XML; of another part it is nothing.
func xmlTekst(t *testing.T, f *zip.File) string {
	t.Helper()
	if !strings.HasSuffix(f.Name, ".xml") {
		return ""
	}
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }() // only read
	var ud strings.Builder
	for d := xml.NewDecoder(r); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return ud.String()
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if c, ok := tok.(xml.CharData); ok {
			ud.Write(c)
		}
	}
}

// Where LibreOffice is, it opens each ODT. It is large, so the tests do not demand it.
func TestLibreOfficeAabnerODT(t *testing.T) {
	t.Parallel()
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not here")
	}
	til := lavet(t)
	filer, err := filepath.Glob(filepath.Join(til, "*.odt"))
	if err != nil || len(filer) < 10 {
		t.Fatal(filer, err)
	}
	ud := t.TempDir()
	cmd := exec.CommandContext(t.Context(), soffice, append([]string{"-env:UserInstallation=file://" + t.TempDir(), "--headless", "--convert-to", "pdf", "--outdir", ud}, filer...)...)
	if tekst, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, tekst)
	}
	if pdf := alleFiler(t, ud); len(pdf) != len(filer) {
		t.Errorf("%d of %d could be opened: %v", len(pdf), len(filer), pdf)
	}
}
