package push

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// spaerret are addresses that netip counts as global unicast and that lead to no host on the internet: shared, reserved,
// for documentation and benchmarks (IANA's special-purpose registries).
//
//arch:fixed prefixes are values, and nobody changes the list
var spaerret = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("3fff::/20"),
}

// The forms of IPv6 address that stand for an IPv4 address, and what of IPv6 is given to the internet at all.
//
//arch:fixed prefixes are values
var (
	globalt  = netip.MustParsePrefix("2000::/3")
	nat64    = netip.MustParsePrefix("64:ff9b::/96")
	seksFire = netip.MustParsePrefix("2002::/16") // 6to4
	teredo   = netip.MustParsePrefix("2001::/32")
)

// offentlig reports whether a is the address of a host on the internet. An IPv6 address that stands for an IPv4 address is
// what that one is: the packet ends there.
func offentlig(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if v4, ok := indlejret(a); ok {
		return offentlig(v4)
	}
	for _, p := range spaerret {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && (a.Is4() || globalt.Contains(a))
}

// indlejret is the IPv4 address that an IPv6 address leads to.
func indlejret(a netip.Addr) (netip.Addr, bool) {
	b := a.As16()
	switch {
	case a.Is4():
	case nat64.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case seksFire.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case teredo.Contains(a): // the client's address is stored with every bit turned
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}), true
	}
	return netip.Addr{}, false
}

// spaerretFejl is a call that was stopped before it began: it would have gone where MOX may not call.
type spaerretFejl struct{ hvorfor string }

func (e *spaerretFejl) Error() string { return e.hvorfor }

// vagt decides which addresses may be dialled. It is asked for the address itself, when a name has been looked up, so a name
// that changes its address between a check and the call has nothing to gain.
type vagt struct {
	net  []netip.Prefix // may be called although they are not on the internet
	klar bool           // for calls in clear text: nothing but net
}

func (v vagt) kontrol(_ context.Context, _, adresse string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(adresse)
	if err != nil {
		return &spaerretFejl{fmt.Sprintf("adressen %q er ingen IP-adresse", adresse)}
	}
	return v.maa(ap.Addr())
}

func (v vagt) maa(a netip.Addr) error {
	a = a.Unmap().WithZone("")
	for _, p := range v.net {
		if p.Contains(a) {
			return nil
		}
	}
	switch {
	case v.klar:
		return &spaerretFejl{fmt.Sprintf("adressen %s kaldes uden TLS, og er ikke blandt de tilladte net", a)}
	case !offentlig(a):
		return &spaerretFejl{fmt.Sprintf("adressen %s er ikke på internettet, og ikke blandt de tilladte net", a)}
	}
	return nil
}

// opkaldFrist is how long it may take to get a connection, TLS apart.
const opkaldFrist = 10 * time.Second

func (v vagt) opkald() func(ctx context.Context, net, adresse string) (net.Conn, error) {
	d := &net.Dialer{Timeout: opkaldFrist, KeepAlive: 30 * time.Second, ControlContext: v.kontrol}
	return d.DialContext
}
