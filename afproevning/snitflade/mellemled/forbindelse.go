package mellemled

import (
	"bufio"
	"encoding/binary"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
)

// Numbers of AMQP 0-9-1: frame types, and class and method of what is looked at.
const (
	rammeMetode  = 1
	rammeHoved   = 2
	rammeKrop    = 3
	rammeSlut    = 0xCE
	maksRamme    = 16 << 20
	maksSet      = 64 << 10 // of a message that is shown to Svar
	kanalAaben   = 20<<16 | 10
	basicConsume = 60<<16 | 20
	consumeOk    = 60<<16 | 21
	basicPublish = 60<<16 | 40
	basicDeliver = 60<<16 | 60
	basicGet     = 60<<16 | 70
	basicGetOk   = 60<<16 | 71
	basicAck     = 60<<16 | 80
	basicReject  = 60<<16 | 90
	basicNack    = 60<<16 | 120
	confirmVaelg = 85<<16 | 10
)

// forbindelse is one connection through the line.
type forbindelse struct {
	l                *Ledning
	produkt, maegler net.Conn

	mu      sync.Mutex
	kanaler map[uint16]*kanal
}

// kanal is what is known of one channel.
type kanal struct {
	bekraeftes bool
	sendes     *publicering      // what the product is in the middle of publishing
	naeste     uint64            // tag of the next publish
	venter     map[uint64]Svar   // publishes the broker has not confirmed
	auto       map[string]bool   // consumers that do not acknowledge, by tag
	unavngivne []bool            // the same of those the broker has yet to name
	getAuto    bool              // the basic.get that is under way does not acknowledge
	udlever    *udlevering       // whose properties come next
	aabne      map[uint64]string // correlation-id of each delivery that is not settled
}

// publicering is a message on its way to the broker.
type publicering struct {
	haendelse Haendelse
	set       []byte
	mangler   uint64 // bytes of body
}

type udlevering struct {
	tag  uint64
	auto bool
}

// skaer ends both ends at once. What was written to either before still arrives there.
func (f *forbindelse) skaer() {
	for _, c := range []net.Conn{f.produkt, f.maegler} {
		if c != nil {
			_ = c.Close() // it may be closed already
		}
	}
}

// kanal is the channel of that number. f.mu is held.
func (f *forbindelse) kanal(nr uint16) *kanal {
	k := f.kanaler[nr]
	if k == nil {
		k = &kanal{naeste: 1, venter: map[uint64]Svar{}, auto: map[string]bool{}, aabne: map[uint64]string{}}
		f.kanaler[nr] = k
	}
	return k
}

// ramme is one frame, with its bytes.
type ramme struct {
	type_   byte
	kanal   uint16
	indhold []byte
	raa     []byte
}

func laesRamme(r *bufio.Reader) (ramme, error) {
	hoved := make([]byte, 7)
	if _, err := io.ReadFull(r, hoved); err != nil {
		return ramme{}, err
	}
	laengde := binary.BigEndian.Uint32(hoved[3:])
	if laengde > maksRamme {
		return ramme{}, io.ErrUnexpectedEOF // no broker agrees to frames of that size
	}
	raa := make([]byte, 7+int(laengde)+1)
	copy(raa, hoved)
	if _, err := io.ReadFull(r, raa[7:]); err != nil || raa[len(raa)-1] != rammeSlut {
		return ramme{}, io.ErrUnexpectedEOF
	}
	return ramme{type_: hoved[0], kanal: binary.BigEndian.Uint16(hoved[1:]), indhold: raa[7 : len(raa)-1], raa: raa}, nil
}

// metoderamme is a frame of our own.
func metoderamme(kanal uint16, metode uint32, argumenter ...byte) []byte {
	ud := []byte{rammeMetode}
	ud = binary.BigEndian.AppendUint16(ud, kanal)
	ud = binary.BigEndian.AppendUint32(ud, uint32(4+len(argumenter)))
	ud = binary.BigEndian.AppendUint32(ud, metode)
	return append(append(ud, argumenter...), rammeSlut)
}

// op carries what the product says until one end closes.
func (f *forbindelse) op() {
	defer f.skaer()
	r := bufio.NewReader(f.produkt)
	hilsen := make([]byte, 8) // the protocol header is no frame
	if _, err := io.ReadFull(r, hilsen); err != nil {
		return
	}
	if _, err := f.maegler.Write(hilsen); err != nil {
		return
	}
	for {
		m, err := laesRamme(r)
		if err != nil || !f.fraProdukt(m) {
			return
		}
		if _, err := f.maegler.Write(m.raa); err != nil {
			return
		}
	}
}

// ned carries what the broker says.
func (f *forbindelse) ned() {
	defer f.skaer()
	r := bufio.NewReader(f.maegler)
	for {
		m, err := laesRamme(r)
		if err != nil {
			return
		}
		ud, videre := f.fraMaegler(m)
		if _, err := f.produkt.Write(ud); err != nil || !videre {
			return
		}
	}
}

// fraProdukt notes what a frame of the product says; false cuts the connection in place of passing it on.
func (f *forbindelse) fraProdukt(m ramme) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m.type_ != rammeMetode {
		return f.indhold(f.kanal(m.kanal), m)
	}
	a := argumenter{b: m.indhold}
	switch metode := a.lang(); metode {
	case kanalAaben:
		delete(f.kanaler, m.kanal)
	case confirmVaelg:
		f.kanal(m.kanal).bekraeftes = true
	case basicPublish:
		k := f.kanal(m.kanal)
		a.kort()
		k.sendes = &publicering{haendelse: Haendelse{Slags: Publiceret, Exchange: a.tekst(), Bekraeftes: k.bekraeftes}}
		a.tekst() // routing key
		k.sendes.haendelse.Mandatory = a.bit(1)
	case basicConsume:
		f.forbruger(f.kanal(m.kanal), &a)
	case basicGet:
		a.kort()
		koe := a.tekst()
		f.kanal(m.kanal).getAuto = a.bit(1)
		f.l.meld(Haendelse{Slags: Forbruger, Koe: koe, AutoAck: a.bit(1)})
	case basicAck, basicReject, basicNack:
		return f.afgjort(f.kanal(m.kanal), metode, &a)
	}
	return true
}

// indhold is a part of a message that is being published. When it is whole, it is decided what the product hears of it.
func (f *forbindelse) indhold(k *kanal, m ramme) bool {
	p := k.sendes
	if p == nil || m.type_ != rammeHoved && m.type_ != rammeKrop {
		return true // a heartbeat
	}
	if m.type_ == rammeHoved {
		a := argumenter{b: m.indhold}
		a.tag(2 + 2) // class, weight
		p.mangler = a.meget()
	} else {
		p.mangler -= min(p.mangler, uint64(len(m.indhold)))
	}
	p.set = append(p.set, m.indhold[:min(len(m.indhold), maksSet-min(len(p.set), maksSet))]...)
	if p.mangler > 0 {
		return true
	}
	k.sendes = nil
	svar := f.l.o.Svar(p.haendelse.Exchange, p.set)
	f.l.meld(p.haendelse)
	if k.bekraeftes {
		k.venter[k.naeste] = svar
		k.naeste++
	}
	return k.bekraeftes || svar != Tavs
}

func (f *forbindelse) forbruger(k *kanal, a *argumenter) {
	a.kort()
	koe, tag := a.tekst(), a.tekst()
	auto := a.bit(2)
	if k.auto[tag] = auto; tag == "" {
		k.unavngivne = append(k.unavngivne, auto)
	}
	f.l.meld(Haendelse{Slags: Forbruger, Koe: koe, AutoAck: auto})
}

// afgjort notes that the product settled one delivery, or all up to one.
func (f *forbindelse) afgjort(k *kanal, metode uint32, a *argumenter) bool {
	tag := a.meget()
	dom, flere := Ack, a.bit(1)
	switch {
	case metode == basicReject:
		dom, flere = Afvist, false
		if a.bit(1) {
			dom = Tilbage
		}
	case metode == basicNack && a.bit(2):
		dom = Tilbage
	case metode == basicNack:
		dom = Afvist
	}
	for t, korrelation := range k.aabne {
		if t != tag && !(flere && (t < tag || tag == 0)) {
			continue
		}
		if f.l.skalSkaeres(korrelation) {
			return false
		}
		delete(k.aabne, t)
		f.l.meld(Haendelse{Slags: Afgjort, Korrelation: korrelation, Dom: dom})
	}
	return true
}

// fraMaegler is what the product hears in place of m; false cuts the connection after it.
func (f *forbindelse) fraMaegler(m ramme) (ud []byte, videre bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch m.type_ {
	case rammeHoved:
		f.hoved(f.kanal(m.kanal), m.indhold)
	case rammeMetode:
		a := argumenter{b: m.indhold}
		switch metode := a.lang(); metode {
		case consumeOk:
			f.kanal(m.kanal).navngiv(a.tekst())
		case basicDeliver:
			k := f.kanal(m.kanal)
			auto := k.auto[a.tekst()]
			k.udlever = &udlevering{tag: a.meget(), auto: auto}
		case basicGetOk:
			k := f.kanal(m.kanal)
			k.udlever = &udlevering{tag: a.meget(), auto: k.getAuto}
		case basicAck, basicNack:
			return f.bekraeftet(m, metode, &a)
		}
	}
	return m.raa, true
}

// navngiv notes the name of a consumer that the broker was to name. They come in the order they were asked for.
func (k *kanal) navngiv(tag string) {
	if _, kendt := k.auto[tag]; kendt || len(k.unavngivne) == 0 {
		return
	}
	k.auto[tag], k.unavngivne = k.unavngivne[0], k.unavngivne[1:]
}

// hoved notes which message was delivered: its properties follow the delivery.
func (f *forbindelse) hoved(k *kanal, b []byte) {
	if k.udlever == nil {
		return // of a message that came back
	}
	u := *k.udlever
	k.udlever = nil
	h := Haendelse{Slags: Udleveret, Korrelation: korrelation(b)}
	f.l.meld(h)
	if u.auto {
		h.Slags, h.Dom = Afgjort, Auto
		f.l.meld(h)
		return
	}
	k.aabne[u.tag] = h.Korrelation
}

// bekraeftet answers each publish that the broker now confirms as it was decided to be.
func (f *forbindelse) bekraeftet(m ramme, metode uint32, a *argumenter) (ud []byte, videre bool) {
	k := f.kanal(m.kanal)
	tag := a.meget()
	flere := a.bit(1)
	for _, t := range slices.Sorted(maps.Keys(k.venter)) {
		if t != tag && !(flere && (t < tag || tag == 0)) {
			continue
		}
		svar := k.venter[t]
		delete(k.venter, t)
		tagBytes := binary.BigEndian.AppendUint64(nil, t)
		switch {
		case svar == Tavs:
			return ud, false
		case svar == Naegt:
			ud = append(ud, metoderamme(m.kanal, basicNack, append(tagBytes, 0)...)...)
		default:
			ud = append(ud, metoderamme(m.kanal, metode, append(tagBytes, 0)...)...)
		}
	}
	return ud, true
}

// argumenter reads the arguments of a method one after the other; what is missing is zero.
type argumenter struct{ b []byte }

func (a *argumenter) tag(n int) []byte {
	if len(a.b) < n {
		a.b = nil
		return make([]byte, n)
	}
	ud := a.b[:n]
	a.b = a.b[n:]
	return ud
}

func (a *argumenter) kort() uint16  { return binary.BigEndian.Uint16(a.tag(2)) }
func (a *argumenter) lang() uint32  { return binary.BigEndian.Uint32(a.tag(4)) }
func (a *argumenter) meget() uint64 { return binary.BigEndian.Uint64(a.tag(8)) }
func (a *argumenter) tekst() string { return string(a.tag(int(a.tag(1)[0]))) }

// bit is one of the flags that come next; it does not read on.
func (a *argumenter) bit(maske byte) bool { return len(a.b) > 0 && a.b[0]&maske != 0 }

// Flags of a message's properties, in the order they stand.
const (
	harIndholdstype = 1 << 15
	harKodning      = 1 << 14
	harHeaders      = 1 << 13
	harLevering     = 1 << 12
	harPrioritet    = 1 << 11
	harKorrelation  = 1 << 10
)

// korrelation is the correlation-id in a content header.
func korrelation(b []byte) string {
	a := argumenter{b: b}
	a.tag(2 + 2 + 8) // class, weight, size
	flag := a.kort()
	if flag&harKorrelation == 0 {
		return ""
	}
	if flag&harIndholdstype != 0 {
		a.tekst()
	}
	if flag&harKodning != 0 {
		a.tekst()
	}
	if flag&harHeaders != 0 {
		a.tag(int(min(a.lang(), maksRamme)))
	}
	if flag&harLevering != 0 {
		a.tag(1)
	}
	if flag&harPrioritet != 0 {
		a.tag(1)
	}
	return a.tekst()
}
