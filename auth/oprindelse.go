package auth

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
)

// vaerter are the names that a caller may know this server by. Any other in a Host header means that someone has made a
// name of their own point here (DNS rebinding), so that a browser takes their page for one of ours.
type vaerter map[string]bool

// nyeVaerter allows loopback on each port listened on, the addresses listened on, and the configured names: "navn" on those
// ports and on the default ones (behind a proxy), "navn:port" as it stands.
func nyeVaerter(adresser, navne []string) (vaerter, error) {
	v := vaerter{}
	for _, a := range adresser {
		host, port, err := net.SplitHostPort(a)
		if err != nil {
			return nil, mox.E("auth", mox.KodeUgyldig, "lytteadressen %q er ikke vært:port", a)
		}
		for _, h := range append([]string{"127.0.0.1", "localhost", "::1"}, navne...) {
			v.tilfoej(h, port)
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsUnspecified() {
			v.tilfoej(host, port)
		}
	}
	for _, n := range navne {
		v[strings.ToLower(n)] = true
	}
	return v, nil
}

func (v vaerter) tilfoej(host, port string) {
	if _, _, err := net.SplitHostPort(host); err == nil || host == "" {
		return // has a port of its own already
	}
	host = strings.ToLower(host)
	v[net.JoinHostPort(host, port)] = true
	if port == "80" || port == "443" { // browsers leave these out
		v[strings.TrimSuffix(net.JoinHostPort(host, ""), ":")] = true
	}
}

func (v vaerter) kender(host string) bool { return v[strings.ToLower(host)] }

func port(adresse string) int {
	_, p, _ := net.SplitHostPort(adresse)
	n, _ := strconv.Atoi(p) // the address has been checked
	return n
}

// fremmed reports whether a browser says that r comes from somewhere else than our own pages. Programs that are no browser
// send neither header and are no part of this danger: nobody else's page can make them call.
//
// Another port of the same host is another site to us, though "same-site" to the browser, which will send it our cookies.
// A person may follow a link to one of our pages from anywhere; such a page must change nothing by being read.
func fremmed(r *http.Request) bool {
	if o := r.Header.Values("Origin"); len(o) > 0 && (len(o) > 1 || !egen(r, o[0])) {
		return true
	}
	switch site := r.Header.Values("Sec-Fetch-Site"); {
	case len(site) == 0:
		return false
	case len(site) == 1 && (site[0] == "same-origin" || site[0] == "none"):
		return false
	}
	return !sidevisning(r)
}

// sidevisning reports whether the browser opens a page of ours in a tab, not in a frame and not for a script.
func sidevisning(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && !forProgrammer(r.URL.Path)
}

// egen reports whether an Origin is the one r was sent to. Behind a proxy that ends TLS we see http where the browser sees
// https; the host is what counts then.
func egen(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || !strings.EqualFold(u.Host, r.Host) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && r.TLS == nil
}

// beviser reports whether the browser vouches that r comes from our own pages. A change made with a session must, so that a
// form on another page cannot make it, whatever the cookie's rules are.
func beviser(r *http.Request) bool {
	return r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") == "same-origin" // neither is foreign, see fremmed
}

// laeser reports whether a method only reads.
func laeser(metode string) bool {
	return metode == http.MethodGet || metode == http.MethodHead || metode == http.MethodOptions
}
