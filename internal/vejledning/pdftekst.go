package vejledning

import (
	"strings"
	"unicode/utf8"
)

// form is how a text is set.
type form struct {
	stoerrelse float64 // points
	farve      int     // 0 = the text's own
	venstre    float64 // from the margin, mm
	bredde     float64 // mm; 0 = to the other margin
	hoejre     bool    // along the right edge
}

func (f *form) linje() float64      { return f.stoerrelse * 0.3528 * 1.42 }
func (f *form) grundlinje() float64 { return f.stoerrelse * 0.3528 * 1.08 }

func (f *form) plads() float64 {
	if f.bredde > 0 {
		return f.bredde
	}
	return bredde - f.venstre
}

// ord is a word with its look, and how wide it is.
type ord struct {
	stykke
	bredde float64
	luft   float64 // the space before it
}

func (p *pdf) skrift(s *stykke, stoerrelse float64) {
	switch {
	case s.kode:
		p.SetFont("fast", "", stoerrelse*0.9)
	case s.fed:
		p.SetFont("tekst", "B", stoerrelse)
	case s.kursiv:
		p.SetFont("tekst", "I", stoerrelse)
	default:
		p.SetFont("tekst", "", stoerrelse)
	}
}

// linjer breaks a text into lines of words.
func (p *pdf) linjer(tekst []stykke, f *form) (ud [][]ord) {
	var linje []ord
	var brugt float64
	ny := func() {
		if len(linje) > 0 {
			ud = append(ud, linje)
		}
		linje, brugt = nil, 0
	}
	for _, klump := range p.klumper(tekst, f) {
		if klump[0].linjeskift {
			ny()
			continue
		}
		var w float64
		for _, o := range klump {
			w += o.bredde
		}
		if brugt > 0 && brugt+klump[0].luft+w > f.plads() {
			ny()
		}
		if brugt == 0 {
			klump[0].luft = 0
		}
		brugt += klump[0].luft + w
		linje = append(linje, klump...)
	}
	ny()
	return ud
}

// klumper are the pieces between which a line may be broken: a word, which may be of several looks, "**fed**," say.
func (p *pdf) klumper(tekst []stykke, f *form) (ud [][]ord) {
	luft := false // is there a space before the next word?
	for _, s := range tekst {
		if s.linjeskift {
			ud = append(ud, []ord{{stykke: s}})
			luft = true
			continue
		}
		p.skrift(&s, f.stoerrelse)
		mellem := p.GetStringWidth(" ")
		luft = luft || strings.HasPrefix(s.tekst, " ")
		for i, t := range strings.Fields(s.tekst) {
			for j, del := range p.dele(t, f.plads()) {
				o := ord{stykke: s, bredde: p.GetStringWidth(del)}
				o.tekst = del
				switch {
				case j > 0: // a word broken because it is wider than the line
					ud = append(ud, []ord{o})
				case i > 0 || luft || len(ud) == 0 || ud[len(ud)-1][0].linjeskift:
					o.luft = mellem
					ud = append(ud, []ord{o})
				default:
					ud[len(ud)-1] = append(ud[len(ud)-1], o)
				}
			}
		}
		if s.tekst != "" {
			luft = strings.HasSuffix(s.tekst, " ")
		}
	}
	return ud
}

// dele parts a word that is wider than a line, after a slash, a dot, a comma or an underscore where there is one.
func (p *pdf) dele(t string, plads float64) (ud []string) {
	for p.GetStringWidth(t) > plads {
		n, godt := 0, 0
		for i, r := range t {
			if p.GetStringWidth(t[:i+utf8.RuneLen(r)]) > plads {
				break
			}
			n = i + utf8.RuneLen(r)
			if strings.ContainsRune("/.,_=&-", r) {
				godt = n
			}
		}
		if godt > 0 {
			n = godt
		}
		if n == 0 {
			break
		}
		ud, t = append(ud, t[:n]), t[n:]
	}
	return append(ud, t)
}

// tekst writes a text from the current height and downwards, over as many pages as it takes.
func (p *pdf) tekst(tekst []stykke, f *form) {
	for _, linje := range p.linjer(tekst, f) {
		if f.bredde == 0 {
			p.plads(f.linje())
		}
		y, x := p.GetY(), margen+f.venstre
		if f.hoejre {
			x += f.plads() - laengde(linje)
		}
		for _, o := range linje {
			x += o.luft
			p.ord(&o, f, x, y)
			x += o.bredde
		}
		p.SetY(y + f.linje())
	}
}

func laengde(linje []ord) (w float64) {
	for _, o := range linje {
		w += o.luft + o.bredde
	}
	return w
}

func (p *pdf) ord(o *ord, f *form, x, y float64) {
	p.skrift(&o.stykke, f.stoerrelse)
	p.farve(0x14202b)
	if f.farve != 0 {
		p.farve(f.farve)
	}
	p.link(o, x, y, f.linje())
	p.Text(x, y+f.grundlinje(), o.tekst)
}

// link makes a word of a link one that can be followed, where its goal is in the book or on the net.
func (p *pdf) link(o *ord, x, y, h float64) {
	if o.link == "" {
		return
	}
	adresse, sti, anker := maal(p.d, o.link)
	if adresse == "" && !p.b.har(sti) {
		return
	}
	p.farve(0x0c5a73)
	if adresse != "" {
		p.LinkString(x, y, o.bredde, h, adresse)
		return
	}
	if anker == "" {
		anker = forsteAnker(p.b, sti)
	}
	if nr, ok := p.links[sti+"#"+anker]; ok {
		p.Link(x, y, o.bredde, h, nr)
	}
}
