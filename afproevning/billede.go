package afproevning

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// billede is the flow of a trial as boxes and arrows, drawn the same in SVG and PDF. Measures are SVG units.
type billede struct {
	b, h  float64
	bokse []boks
	pile  []pil
}

type boks struct {
	x, y, b, h    float64
	titel         string
	linjer        []string
	mox, standard bool
}

// pil goes from one point to another, or both ways, with a text over it.
type pil struct {
	x1, y1, x2, y2 float64
	tekst          string
	begge          bool
	fraMox         bool // the first point is the MOX
}

// midt is where the text stands: by the system, because the arrows of several systems meet at a MOX.
func (p pil) midt() (x, y float64) {
	const ved = 0.35
	del := ved
	if p.fraMox {
		del = 1 - ved
	}
	return p.x1 + (p.x2-p.x1)*del, p.y1 + (p.y2-p.y1)*del
}

// The measures of the picture.
const (
	billedBredde = 920
	boksBredde   = 206
	boksHoejde   = 92
	boksAfstand  = 40
	kant         = 14
	pilAfstand   = 26 // between the two arrows of a system
)

// forbindelse is what goes between a system and a MOX: the kinds of connection each way.
type forbindelse struct {
	system, installation string
	ind, ud              []string
}

// tegn makes the picture of the trial's agents.
func (k *koersel) tegn() (billede, error) {
	f, err := k.forbindelser()
	if err != nil {
		return billede{}, err
	}
	return tegn(k.bevis.Systemer, k.bevis.Installationer, f), nil
}

func (k *koersel) forbindelser() (ud []forbindelse, err error) {
	for _, a := range k.spec.Agenter {
		fil, err := laesAgent(k.agentfil(a))
		if err != nil {
			return nil, err
		}
		f := forbindelse{system: a.System, installation: a.Installation}
		for _, s := range fil.Sources {
			f.ind = append(f.ind, forbindelsesnavn(s.From.Type))
		}
		for _, s := range fil.Sinks {
			f.ud = append(f.ud, forbindelsesnavn(s.To.Type))
		}
		ud = append(ud, f)
	}
	for _, s := range k.spec.Systemer {
		for _, d := range s.Direkte {
			f := forbindelse{system: s.Navn, installation: d.Installation}
			if d.Ind != "" {
				f.ind = []string{d.Ind}
			}
			if d.Ud != "" {
				f.ud = []string{d.Ud}
			}
			ud = append(ud, f)
		}
	}
	return ud, nil
}

func forbindelsesnavn(type_ string) string {
	navne := map[string]string{"folder": "filer", "sql": "databaseview", "http": "REST", "soap": "SOAP", "sftp": "SFTP", "imap": "mail", "mail": "mail", "smtp": "mail", "amqp": "AMQP"}
	if n, ok := navne[type_]; ok {
		return n
	}
	return type_
}

// tegn puts the systems in two columns, every second on the right, with the MOX between them.
func tegn(systemer []Systemkort, moxer []Installation, forbindelser []forbindelse) billede {
	raekker := (len(systemer) + 1) / 2
	p := billede{b: billedBredde, h: 2*kant + float64(raekker)*boksHoejde + float64(raekker-1)*boksAfstand}
	sted := map[string]boks{}
	for n, s := range systemer {
		x := float64(kant)
		if n%2 == 1 {
			x = billedBredde - kant - boksBredde
		}
		b := boks{x: x, y: kant + float64(n/2)*(boksHoejde+boksAfstand), b: boksBredde, h: boksHoejde, titel: s.Titel, linjer: []string{s.Leverandoer, s.Adgang}, standard: s.Standard}
		if s.Standard {
			b.linjer = append(b.linjer, "følger standarden")
		}
		sted[s.Navn], p.bokse = b, append(p.bokse, b)
	}
	hver := (p.h - 2*kant - float64(len(moxer)-1)*boksAfstand) / float64(len(moxer))
	for n, m := range moxer {
		b := boks{x: (billedBredde - boksBredde) / 2, y: kant + float64(n)*(hver+boksAfstand), b: boksBredde, h: hver, titel: m.Titel, linjer: []string{"CVR " + m.CVR, "beskeder i OIO-standarden"}, mox: true}
		sted["mox/"+m.Navn], p.bokse = b, append(p.bokse, b)
	}
	antal, nr := map[string]int{}, map[string]int{} // of a system that meets several MOX'er
	for _, f := range forbindelser {
		antal[f.system]++
	}
	for _, f := range forbindelser {
		skub := (float64(nr[f.system]) - float64(antal[f.system]-1)/2) * pilAfstand
		nr[f.system]++
		p.pile = append(p.pile, pileAf(f, sted[f.system], sted["mox/"+f.installation], skub)...)
	}
	return p
}

// pileAf are the arrows between a system and a MOX: one, both ways, where what goes is called the same. They begin so far
// from the middle of the system's side.
func pileAf(f forbindelse, s, m boks, fraMidten float64) []pil {
	fra, til := s.x+s.b, m.x
	if s.x > m.x {
		fra, til = s.x, m.x+m.b
	}
	y := s.y + s.h/2 + fraMidten
	maal := min(max(y, m.y+pilAfstand), m.y+m.h-pilAfstand)
	ind, ud := samlet(f.ind), samlet(f.ud)
	switch {
	case ind == ud:
		return []pil{{fra, y, til, maal, ind, true, false}}
	case ud == "":
		return []pil{{fra, y, til, maal, ind, false, false}}
	case ind == "":
		return []pil{{til, maal, fra, y, ud, false, true}}
	}
	const skub = pilAfstand / 2
	return []pil{{fra, y - skub, til, maal - skub, ind, false, false}, {til, maal + skub, fra, y + skub, ud, false, true}}
}

func samlet(l []string) string {
	l = slices.Clone(l)
	slices.Sort(l)
	return strings.Join(slices.Compact(l), ", ")
}

// SVG draws the picture.
func (p billede) SVG() string {
	var s strings.Builder
	fmt.Fprintf(&s, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="Systemerne og MOX, og hvad der går mellem dem" xmlns="http://www.w3.org/2000/svg">`, p.b, p.h)
	s.WriteString(`<defs><marker id="spids" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="#334"/></marker></defs>`)
	for _, x := range p.pile {
		tilbage := ""
		if x.begge {
			tilbage = ` marker-start="url(#spids)"`
		}
		fmt.Fprintf(&s, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#334" stroke-width="1.6" marker-end="url(#spids)"%s/>`, x.x1, x.y1, x.x2, x.y2, tilbage)
		tx, ty := x.midt()
		fmt.Fprintf(&s, `<text x="%.1f" y="%.1f" text-anchor="middle" font-size="12" fill="#223">%s</text>`, tx, ty-5, html.EscapeString(x.tekst))
	}
	for _, b := range p.bokse {
		fyld, streg := b.farver()
		fmt.Fprintf(&s, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6" fill="%s" stroke="%s" stroke-width="1.5"/>`, b.x, b.y, b.b, b.h, fyld, streg)
		midt, y := b.x+b.b/2, b.y+b.h/2-float64(len(b.linjer))*8+6
		fmt.Fprintf(&s, `<text x="%.1f" y="%.1f" text-anchor="middle" font-size="14" font-weight="600" fill="#112">%s</text>`, midt, y, html.EscapeString(b.titel))
		for n, l := range b.linjer {
			fmt.Fprintf(&s, `<text x="%.1f" y="%.1f" text-anchor="middle" font-size="12" fill="#445">%s</text>`, midt, y+20+float64(n)*16, html.EscapeString(l))
		}
	}
	s.WriteString(`</svg>`)
	return s.String()
}

func (b *boks) farver() (fyld, streg string) {
	switch {
	case b.mox:
		return "#e4eefb", "#1f4e8c"
	case b.standard:
		return "#e6f4ea", "#2b6b3f"
	}
	return "#fbf6ea", "#8a6d2f"
}
