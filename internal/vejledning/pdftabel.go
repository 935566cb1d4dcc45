package vejledning

// tabel writes a table: no row is parted between two pages, and the head is repeated. A row that is higher than a page is an
// error of the document.
func (p *pdf) tabel(celler [][]celle) {
	b := bredder(celler, bredde)
	var hoved []celle
	if !tomt(celler[0]) {
		for _, c := range celler[0] {
			hoved = append(hoved, celle{tekst: fede(c.tekst), hoejre: c.hoejre})
		}
	}
	p.plads(24)
	if hoved != nil {
		p.raekke(hoved, b, true)
	}
	for _, r := range celler[1:] {
		h := p.raekkehoejde(r, b)
		if h > hoejde-bund-2*margen {
			p.SetErrorf("%s: the row %.40q is higher than a page", p.d.sti, ren(r[0].tekst))
			return
		}
		if p.GetY()+h > hoejde-bund {
			p.AddPage()
			if hoved != nil {
				p.raekke(hoved, b, true)
			}
		}
		p.raekke(r, b, false)
	}
	p.SetY(p.GetY() + 4)
}

func (p *pdf) celleform(i int, b []float64, hoved bool, c *celle) *form {
	f := &form{stoerrelse: 9, hoejre: c.hoejre}
	if hoved {
		f.farve = 0x52616f
	}
	for _, x := range b[:i] {
		f.venstre += x
	}
	f.venstre += celleDx
	f.bredde = b[i] - 2*celleDx
	return f
}

func (p *pdf) raekkehoejde(r []celle, b []float64) (h float64) {
	for i, c := range r {
		f := p.celleform(i, b, false, &c)
		h = max(h, float64(len(p.linjer(c.tekst, f)))*f.linje())
	}
	if tomt(r) { // to be filled in by hand
		return 9
	}
	return h + 2*celleDy
}

func (p *pdf) raekke(r []celle, b []float64, hoved bool) {
	y, h := p.GetY(), p.raekkehoejde(r, b)
	for i, c := range r {
		p.SetY(y + celleDy)
		p.tekst(c.tekst, p.celleform(i, b, hoved, &c))
	}
	p.SetDrawColor(0xb9, 0xc3, 0xcd)
	p.SetLineWidth(0.2)
	if hoved {
		p.SetLineWidth(0.4)
	}
	p.Line(margen, y+h, margen+bredde, y+h)
	p.SetY(y + h)
}

func fede(tekst []stykke) []stykke {
	ud := make([]stykke, len(tekst))
	for i, s := range tekst {
		ud[i] = s
		ud[i].fed = true
	}
	return ud
}
