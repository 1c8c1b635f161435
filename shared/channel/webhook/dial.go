package webhook

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"
)

// errInside is for a host that is, or may be, inside.
var errInside = errors.New("an address that is not on the open Internet")

// dialTimeout is how long one address is tried.
const dialTimeout = 3 * time.Second

// dialer connects to hosts on the open Internet. A name is resolved once, all of its addresses are looked at, and one of
// those is connected to: what the name says a moment later makes no difference.
type dialer struct {
	local  bool // this machine is allowed as well
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

func newDialer(c Config) *dialer {
	d := &dialer{local: c.Local, lookup: c.Lookup, dial: c.Dial}
	if d.lookup == nil {
		d.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if d.dial == nil {
		d.dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	return d
}

// connect is an http.Transport's DialContext.
func (d *dialer) connect(ctx context.Context, network, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	addresses, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, a := range addresses {
		conn, err := d.dial(ctx, network, net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		if failed = append(failed, err); ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(failed...)
}

// resolve returns a host's addresses, those of IPv4 first, as not every network has IPv6. One that is inside makes the
// whole host suspect.
func (d *dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return d.allow(a)
	}
	addresses, err := d.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	return d.allow(addresses...)
}

func (d *dialer) allow(addresses ...netip.Addr) ([]netip.Addr, error) {
	if len(addresses) == 0 {
		return nil, errors.New("the host has no address")
	}
	out := make([]netip.Addr, 0, len(addresses))
	for _, a := range addresses {
		if !Public(a) && !(d.local && a.Zone() == "" && a.Unmap().IsLoopback()) {
			return nil, errInside
		}
		out = append(out, a.Unmap())
	}
	slices.SortStableFunc(out, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return out, nil
}
