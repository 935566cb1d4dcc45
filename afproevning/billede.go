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

// pil goes from one point to another, with a text over it.
type pil struct {
	x1, y1, x2, y2 float64
	tekst          string
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
			b.linjer[1] += ", følger standarden"
		}
		sted[s.Navn], p.bokse = b, append(p.bokse, b)
	}
	hver := (p.h - 2*kant - float64(len(moxer)-1)*boksAfstand) / float64(len(moxer))
	for n, m := range moxer {
		b := boks{x: (billedBredde - boksBredde) / 2, y: kant + float64(n)*(hver+boksAfstand), b: boksBredde, h: hver, titel: m.Titel, linjer: []string{"CVR " + m.CVR, "beskeder i OIO-standarden"}, mox: true}
		sted["mox/"+m.Navn], p.bokse = b, append(p.bokse, b)
	}
	for _, f := range forbindelser {
		p.pile = append(p.pile, pileAf(f, sted[f.system], sted["mox/"+f.installation])...)
	}
	return p
}

// pileAf are the arrows between a system and a MOX.
func pileAf(f forbindelse, s, m boks) (ud []pil) {
	fra, til := s.x+s.b, m.x
	if s.x > m.x {
		fra, til = s.x, m.x+m.b
	}
	y := s.y + s.h/2
	maal := min(max(y, m.y+pilAfstand), m.y+m.h-pilAfstand)
	skub := 0.0
	if len(f.ind) > 0 && len(f.ud) > 0 {
		skub = pilAfstand
	}
	if len(f.ind) > 0 {
		ud = append(ud, pil{fra, y - skub/2, til, maal - skub/2, samlet(f.ind)})
	}
	if len(f.ud) > 0 {
		ud = append(ud, pil{til, maal + skub/2, fra, y + skub/2, samlet(f.ud)})
	}
	return ud
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
	s.WriteString(`<defs><marker id="spids" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="#334"/></marker></defs>`)
	for _, x := range p.pile {
		fmt.Fprintf(&s, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#334" stroke-width="1.6" marker-end="url(#spids)"/>`, x.x1, x.y1, x.x2, x.y2)
		fmt.Fprintf(&s, `<text x="%.1f" y="%.1f" text-anchor="middle" font-size="12" fill="#223">%s</text>`, (x.x1+x.x2)/2, (x.y1+x.y2)/2-5, html.EscapeString(x.tekst))
	}
	for _, b := range p.bokse {
		fyld, streg := b.farver()
		fmt.Fprintf(&s, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="6" fill="%s" stroke="%s" stroke-width="1.5"/>`, b.x, b.y, b.b, b.h, fyld, streg)
		midt, y := b.x+b.b/2, b.y+b.h/2-12
		fmt.Fprintf(&s, `<text x="%.1f" y="%.1f" text-anchor="middle" font-size="15" font-weight="600" fill="#112">%s</text>`, midt, y, html.EscapeString(b.titel))
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
