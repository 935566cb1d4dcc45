package vejledning

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

func TestAnker(t *testing.T) {
	t.Parallel()
	for tekst, vil := range map[string]string{
		"Feed: hvad har jeg ikke fået?": "feed-hvad-har-jeg-ikke-fået", "Go/no-go": "gono-go", "Licensen MPL-2.0": "licensen-mpl-20", "V-01 Ret til data": "v-01-ret-til-data",
	} {
		if har := anker(tekst); har != vil {
			t.Errorf("%q: %q, want %q", tekst, har, vil)
		}
	}
	d := laesDokument("x.md", []byte("# A\n\n## Se `her`\n\n## Se her\n"))
	var har []string
	for _, b := range d.blokke {
		har = append(har, b.anker)
	}
	if vil := []string{"a", "se-her", "se-her-1"}; !slices.Equal(har, vil) || d.titel != "A" {
		t.Errorf("%q", har)
	}
}

func TestMaal(t *testing.T) {
	t.Parallel()
	d := &dokument{sti: "vejledning/drift.md"}
	for link, vil := range map[string][3]string{
		"https://go.dev/dl/": {"https://go.dev/dl/", "", ""}, "#nu": {"", "vejledning/drift.md", "nu"},
		"../agent.md": {"", "agent.md", ""}, "kl.md#f%C3%A5": {"", "vejledning/kl.md", "få"}, "../../README.md": {"", "../README.md", ""},
	} {
		adresse, sti, anker := maal(d, link)
		if har := [3]string{adresse, sti, anker}; har != vil {
			t.Errorf("%s: %q", link, har)
		}
	}
}

// The lines of a text have all its words, in their order, and none is wider than the page; a word wider than that is parted.
func TestLinjer(t *testing.T) {
	t.Parallel()
	d := laesDokument("x.md", []byte("Et **fedt**, `langt/"+strings.Repeat("abcdefgh/", 40)+"x` og *kursivt* ord med [et link](y.md).  \nNy linje "+strings.Repeat("og mere ", 60)))
	tekst := d.blokke[0].tekst
	b := &bog{titel: "x", dokumenter: []*dokument{d}}
	p := nyPDF(b, nil, time.Time{})
	f := &form{stoerrelse: brod}
	var har strings.Builder
	linjer := p.linjer(tekst, f)
	for i, l := range linjer {
		if w := laengde(l); w > f.plads() {
			t.Errorf("line %d is %.1f mm", i, w)
		}
		for _, o := range l {
			har.WriteString(o.tekst)
		}
	}
	if vil := strings.Join(strings.Fields(ren(tekst)), ""); har.String() != vil {
		t.Errorf("%q\n%q", har.String(), vil)
	}
	ny := slices.IndexFunc(linjer, func(l []ord) bool { return l[0].tekst == "Ny" })
	if ny < 2 || len(linjer) < ny+3 {
		t.Errorf("the new line is number %d of %d", ny, len(linjer))
	}
	if first := linjer[0]; first[1].tekst != "fedt" || !first[1].fed || first[2].tekst != "," || first[2].luft != 0 {
		t.Errorf("%+v", first)
	}
}

// A sign that the PDF's fonts lack would be an empty place on the paper, without a word.
func TestSkrifterneHarHvertTegn(t *testing.T) {
	t.Parallel()
	tekst, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	fast, err := sfnt.Parse(gomono.TTF)
	if err != nil {
		t.Fatal(err)
	}
	har := func(f *sfnt.Font, r rune) bool {
		nr, err := f.GlyphIndex(new(sfnt.Buffer), r)
		return err == nil && nr != 0
	}
	if har(tekst, '☃') || !har(tekst, 'å') {
		t.Error("what is missing is not seen")
	}
	for sti, d := range laesAlt(t).efter {
		for _, b := range d.blokke {
			for _, r := range strings.Join(b.linjer, "") {
				if !har(fast, r) {
					t.Errorf("%s: code has %q", sti, r)
				}
			}
			stykker := slices.Clone(b.tekst)
			for _, r := range b.celler {
				for _, c := range r {
					stykker = append(stykker, c.tekst...)
				}
			}
			for _, s := range stykker {
				for _, r := range s.tekst {
					if s.kode && !har(fast, r) || !har(tekst, r) {
						t.Errorf("%s: %q has %q", sti, s.tekst, r)
					}
				}
			}
		}
	}
}

// The columns of a table fill the width; the one with most text is widest, and one to be filled in by hand has room.
func TestBredder(t *testing.T) {
	t.Parallel()
	d := laesDokument("x.md", []byte("| A | B | C |\n|---|---|---|\n| kort | "+strings.Repeat("en lang tekst ", 8)+" | |\n| databeskyttelsesrådgiver | x | |\n"))
	har := bredder(d.blokke[0].celler, 166)
	if math.Abs(har[0]+har[1]+har[2]-166) > 0.01 || har[1] < har[0] || har[1] < har[2] || har[2] < 15 || har[0] < 45 {
		t.Errorf("%.1f", har)
	}
}

// What is linked to in another book is told by its title.
func TestTilPapir(t *testing.T) {
	t.Parallel()
	a := laesDokument("a.md", []byte("# A\n\nSe [her](b.md#x) og [B](b.md) og [der](#a) og [fil](../x.go).\n"))
	s := &samling{efter: map[string]*dokument{"a.md": a, "b.md": laesDokument("b.md", []byte("# B\n"))}}
	har := s.tilPapir(a, &bog{dokumenter: []*dokument{a}})
	if vil := "Se her (i «B») og B og der og fil."; ren(har.blokke[1].tekst) != vil {
		t.Errorf("%q", ren(har.blokke[1].tekst))
	}
	if ren(a.blokke[1].tekst) != "Se her og B og der og fil." {
		t.Error("the site's text is changed")
	}
}
