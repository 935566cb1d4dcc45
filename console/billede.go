package console

import (
	"fmt"

	"github.com/moxkit/mox"
)

// The landscape is drawn twice from one description: wide, with systems on both sides of MOX, and narrow, with MOX as a
// bar down the side. The style sheet shows the one that fits. All measures are in the picture's own units, about a pixel.
const (
	bredBredde   = 1200
	bredKasse    = 268
	bredNav      = 168
	smalBredde   = 360
	smalNav      = 44
	smalSpor     = 52 // width of a lane between bar and box
	kasseHoved   = 66 // height of a box's name and vendor
	kasseAfstand = 22
	sporHoved    = 44 // from a lane's top to the first line under its arrow
	linjeHoejde  = 17
	sporBund     = 12
)

// billede is the landscape in coordinates.
type billede struct {
	ID           string // "bred" or "smal"
	Bredde       int
	Hoejde       int
	Nav          firkant
	Kasser       []kasse
	Beskeder     int64
	Kvitteringer int64
}

type firkant struct{ X, Y, B, H int }

// Midt is the middle of the rectangle.
func (f firkant) Midt() (m struct{ X, Y int }) {
	m.X, m.Y = f.X+f.B/2, f.Y+f.H/2
	return m
}

type kasse struct {
	firkant
	Nabo nabo
	Spor []spor
}

// spor is the lane of one flow: an arrow and what is said about it.
type spor struct {
	Stroem   stroem
	X1, X2   int // of the arrow's line
	Y        int
	Spids    string // path of the arrow's head
	TekstX   int
	NavnY    int
	Linjer   []linje
	PaaPause bool
}

// linje is one line of text about a flow.
type linje struct {
	Y      int
	Klasse string // colour
	Ikon   string // path of a small picture; "" = none
	Tekst  string
}

// IkonY is the top of the line's small picture.
func (l linje) IkonY() int { return l.Y - 10 }

// bredt draws the wide picture: systems that only receive stand to the right, those that only send to the left, the
// others where there is most room.
func (s *sprog) bredt(naboer []nabo) billede {
	b := billede{ID: "bred", Bredde: bredBredde}
	venstre, hoejre := 0, 0 // used height
	for _, n := range naboer {
		h := s.kassehoejde(n)
		if tilHoejre(n, venstre, hoejre) {
			b.Kasser = append(b.Kasser, s.bredKasse(n, firkant{bredBredde - bredKasse, hoejre, bredKasse, h}, true))
			hoejre += h + kasseAfstand
		} else {
			b.Kasser = append(b.Kasser, s.bredKasse(n, firkant{0, venstre, bredKasse, h}, false))
			venstre += h + kasseAfstand
		}
	}
	b.Hoejde = max(max(venstre, hoejre)-kasseAfstand, 150)
	b.Nav = firkant{(bredBredde - bredNav) / 2, 0, bredNav, b.Hoejde}
	b.centrer(hoejre-kasseAfstand, true)
	b.centrer(venstre-kasseAfstand, false)
	return b
}

func tilHoejre(n nabo, venstre, hoejre int) bool {
	ind, ud := false, false
	for _, st := range n.Stroemme {
		ind, ud = ind || st.Ind, ud || !st.Ind
	}
	if ind != ud {
		return ud
	}
	return hoejre < venstre
}

// centrer moves the boxes of the shorter side down to the middle.
func (b *billede) centrer(brugt int, hoejre bool) {
	ned := (b.Hoejde - brugt) / 2
	for i := range b.Kasser {
		k := &b.Kasser[i]
		if (k.X > 0) != hoejre || ned <= 0 {
			continue
		}
		k.Y += ned
		for j := range k.Spor {
			k.Spor[j].flyt(ned)
		}
	}
}

func (p *spor) flyt(ned int) {
	p.Y += ned
	p.NavnY += ned
	for i := range p.Linjer {
		p.Linjer[i].Y += ned
	}
	p.Spids = spids(p.X2, p.Y, p.X2 > p.X1)
}

func (s *sprog) kassehoejde(n nabo) int {
	h := 16
	for _, st := range n.Stroemme {
		h += sporHoved + len(s.linjer(st))*linjeHoejde + sporBund
	}
	return max(h, kasseHoved+30)
}

func (s *sprog) bredKasse(n nabo, f firkant, hoejre bool) kasse {
	k := kasse{firkant: f, Nabo: n}
	kant, nav := f.X+f.B+10, (bredBredde-bredNav)/2-10
	tekst := kant + 8
	if hoejre {
		kant, nav = f.X-10, (bredBredde+bredNav)/2+10
		tekst = nav + 8
	}
	y := f.Y + 10
	for _, st := range n.Stroemme {
		x1, x2 := nav, kant
		if st.Ind {
			x1, x2 = kant, nav
		}
		p := s.spor(st, x1, x2, y, tekst)
		k.Spor = append(k.Spor, p)
		y += sporHoved + len(p.Linjer)*linjeHoejde + sporBund
	}
	return k
}

// spor lays out a lane whose top is y.
func (s *sprog) spor(st stroem, x1, x2, y, tekst int) spor {
	p := spor{Stroem: st, X1: x1, X2: x2, Y: y + 24, TekstX: tekst, NavnY: y + 14, PaaPause: st.Modtager.Pause}
	p.Linjer = s.linjer(st)
	for i := range p.Linjer {
		p.Linjer[i].Y = y + sporHoved + i*linjeHoejde
	}
	p.Spids = spids(p.X2, p.Y, x2 > x1)
	return p
}

// spids is an arrow's head with its point at x, y.
func spids(x, y int, mod bool) string {
	d := -9
	if !mod {
		d = 9
	}
	return fmt.Sprintf("M%d %dl%d -5v10z", x, y, d)
}

// smalt draws the narrow picture.
func (s *sprog) smalt(naboer []nabo) billede {
	b := billede{ID: "smal", Bredde: smalBredde}
	x := smalNav + smalSpor
	y := 0
	for _, n := range naboer {
		k := kasse{Nabo: n}
		top := y
		y += kasseHoved - 8
		for _, st := range n.Stroemme {
			x1, x2 := smalNav+6, x-6
			if st.Ind {
				x1, x2 = x2, x1
			}
			p := s.spor(st, x1, x2, y-6, x+14)
			p.Y = p.NavnY - 4
			p.Spids = spids(p.X2, p.Y, x2 > x1)
			for i := range p.Linjer {
				p.Linjer[i].Y -= 10
			}
			k.Spor = append(k.Spor, p)
			y += sporHoved + len(p.Linjer)*linjeHoejde - 14
		}
		k.firkant = firkant{x, top, smalBredde - x, max(y-top+6, kasseHoved)}
		b.Kasser = append(b.Kasser, k)
		y = top + k.H + kasseAfstand - 6
	}
	b.Hoejde = max(y-kasseAfstand+6, 120)
	b.Nav = firkant{0, 0, smalNav, b.Hoejde}
	return b
}

// linjer is what is said about a flow, the most important last, with a shape of its own.
func (s *sprog) linjer(st stroem) []linje {
	if st.Ind {
		return s.linjerInd(st)
	}
	m := st.Modtager
	ud := []linje{{Klasse: "ok", Ikon: ikoner["ok"], Tekst: s.t("billede.leveret", m.Leveret)}}
	if m.Venter > 0 {
		ud = append(ud, linje{Klasse: "vent", Ikon: ikoner["ur"], Tekst: s.t("billede.venter", m.Venter)})
	}
	if n := m.Antal[mox.Parkeret]; n > 0 {
		ud = append(ud, linje{Klasse: "kritisk", Ikon: ikoner["kritisk"], Tekst: s.t("billede.kraever", n)})
	}
	if n := m.Antal[mox.Uvis]; n > 0 {
		ud = append(ud, linje{Klasse: "uvist", Ikon: ikoner["uvist"], Tekst: s.t("billede.uvist", n)})
	}
	if m.Pause {
		ud = append(ud, linje{Klasse: "advarsel", Ikon: ikoner["pause"], Tekst: s.t("tilstand.Holdt")})
	}
	return ud
}

func (s *sprog) linjerInd(st stroem) []linje {
	if st.Kilde == "" {
		return []linje{{Klasse: "stille", Tekst: s.t("billede.svar")}}
	}
	ud := []linje{{Klasse: "ok", Ikon: ikoner["ok"], Tekst: s.antal("billede.beskeder", st.Beskeder)}}
	if st.Fejlposter > 0 {
		ud = append(ud, linje{Klasse: "stille", Ikon: ikoner["kritisk"], Tekst: s.antal("billede.fejlposter", st.Fejlposter)})
	}
	return ud
}
