package recalc

import (
	"liuke/shared/clv"
	"liuke/shared/fault"
	"liuke/shared/rfm"
)

// Fit is what a population teaches about each of its customers.
type Fit struct {
	Customers   int64    `json:"customers"`
	Approximate int64    `json:"approximate,omitempty"`
	Cuts        rfm.Cuts `json:"cuts"`
	Terciles    rfm.Cuts `json:"terciles"` // of which the monetary ones part the bands of value
	Models      Models   `json:"models"`
}

// Models are the fitted models; of each, one of the fields is set.
type Models struct {
	BGNBD             *clv.BGNBD      `json:"bg_nbd,omitempty"`
	BGNBDRefused      string          `json:"bg_nbd_refused,omitempty"` // why there is no BG/NBD
	GammaGamma        *clv.GammaGamma `json:"gamma_gamma,omitempty"`
	GammaGammaRefused string          `json:"gamma_gamma_refused,omitempty"`
}

// FitOf fits the cuts and models of a population. A model that the data do not determine is refused with its reason;
// that is no error.
func FitOf(t *Terms, s *Summary) (*Fit, error) {
	f := &Fit{Customers: s.Customers, Approximate: s.Approximate}
	if t.Binning == Fixed {
		f.Cuts = *t.Cuts
	} else {
		f.Cuts = s.RFM.Quantiles(bins)
	}
	f.Terciles = rfm.Cuts{Monetary: s.RFM.Monetary.Quantiles(3), Above: true}
	orders, err := clv.FitBGNBD(&s.CLV)
	if f.Models.BGNBDRefused, err = refused(err); err != nil {
		return nil, err
	}
	if f.Models.BGNBDRefused == "" {
		f.Models.BGNBD = &orders
	}
	spend, err := clv.FitGammaGamma(&s.CLV, minorUnits(t.Currency))
	if f.Models.GammaGammaRefused, err = refused(err); err != nil {
		return nil, err
	}
	if f.Models.GammaGammaRefused == "" {
		f.Models.GammaGamma = &spend
	}
	return f, nil
}

// refused turns the Conflict of a fit into its reason.
func refused(err error) (reason string, other error) {
	if fault.CodeOf(err) == fault.Conflict {
		return err.Error(), nil
	}
	return "", err
}
