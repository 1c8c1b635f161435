package main

import (
	"log/slog"
	"time"

	"liuke/shared/awsenv"
	"liuke/shared/channel"
	"liuke/shared/channel/push"
	"liuke/shared/channel/ses"
	"liuke/shared/channel/sms"
	"liuke/shared/channel/smtp"
	"liuke/shared/channel/webhook"
	"liuke/shared/clock"
	"liuke/shared/message"
	"liuke/shared/secret"
	price "liuke/shared/sms"
)

// textSettings say how SMS are sent; without an origination they are switched off.
type textSettings struct {
	Origination      string        `env:"LIUKE_SMS_ORIGINATION"`
	Transactional    string        `env:"LIUKE_SMS_TRANSACTIONAL"`
	ConfigurationSet string        `env:"LIUKE_SMS_CONFIGURATION_SET"`
	MaxPrice         string        `env:"LIUKE_SMS_MAX_PRICE"` // dollars
	TimeToLive       time.Duration `env:"LIUKE_SMS_TTL"`
	MaxSegments      int           `env:"LIUKE_SMS_MAX_SEGMENTS"`
	PerSecond        float64       `env:"LIUKE_SMS_PER_SECOND"` // by all instances together; 0 for no limit
	DryRun           bool          `env:"LIUKE_SMS_DRY_RUN"`
}

// pushSettings say how notifications are sent.
type pushSettings struct {
	On         bool          `env:"LIUKE_PUSH"`
	TimeToLive time.Duration `env:"LIUKE_PUSH_TTL"`
}

// mailSettings say which server sends mail in SES's place; without a host none does.
type mailSettings struct {
	Host     string `env:"LIUKE_SMTP_HOST"`
	Port     int    `env:"LIUKE_SMTP_PORT"`
	Security string `env:"LIUKE_SMTP_SECURITY"`
	Secret   string `env:"LIUKE_SMTP_SECRET"` // ARN of who logs in; "" for nobody
}

// localStage is the stage of the suite on one machine.
const localStage = "local"

// channels returns the channels that are switched on, and what tells the quota of the one for mail, nil where nothing does.
// One whose settings are wrong is left out, and the log says why: its messages fail as those of one that is switched off.
func (s settings) channels(now clock.Now, log *slog.Logger) (map[message.Channel]channel.Channel, Quoter) {
	all := map[message.Channel]channel.Channel{}
	var quoter Quoter
	if s.SMTP.Host == "" {
		mail := ses.New(awsenv.Config("SESV2"), s.Sender, s.ConfigurationSet)
		all[message.Email], quoter = mail, mail
	}
	add := func(name message.Channel, on bool, make func() (channel.Channel, error)) {
		if !on {
			return
		}
		ch, err := make()
		if err != nil {
			log.Error("a channel is set up wrongly, and nothing is sent by it", "channel", name, "error", err.Error())
			return
		}
		all[name] = ch
	}
	add(message.Email, s.SMTP.Host != "", func() (channel.Channel, error) { return s.ownMail(now) })
	add(message.SMS, s.SMS.Origination != "", s.texts)
	add(message.Push, s.Push.On, func() (channel.Channel, error) {
		return push.New(awsenv.Config("SNS"), push.Config{TimeToLive: s.Push.TimeToLive})
	})
	add(message.Webhook, s.Destinations != "", func() (channel.Channel, error) {
		return webhook.New(webhook.Config{
			Secret: secret.New(awsenv.Config("SECRETS_MANAGER"), s.Destinations, now), Now: now, Local: s.Stage == localStage,
		}), nil
	})
	return all, quoter
}

func (s settings) ownMail(now clock.Now) (channel.Channel, error) {
	c := smtp.Config{
		Host: s.SMTP.Host, Port: s.SMTP.Port, Security: smtp.Security(s.SMTP.Security), From: s.Sender, Now: now,
	}
	if s.SMTP.Secret != "" {
		c.Secret = secret.New(awsenv.Config("SECRETS_MANAGER"), s.SMTP.Secret, now)
	}
	return smtp.New(c)
}

func (s settings) texts() (channel.Channel, error) {
	var most price.Price
	if s.SMS.MaxPrice != "" {
		var err error
		if most, err = price.ParsePrice(s.SMS.MaxPrice); err != nil {
			return nil, err
		}
	}
	return sms.New(awsenv.Config("PINPOINT_SMS_VOICE_V2"), sms.Config{
		Origination: s.SMS.Origination, Transactional: s.SMS.Transactional, ConfigurationSet: s.SMS.ConfigurationSet,
		MaxPrice: most, TimeToLive: s.SMS.TimeToLive, MaxSegments: s.SMS.MaxSegments, DryRun: s.SMS.DryRun,
	})
}
