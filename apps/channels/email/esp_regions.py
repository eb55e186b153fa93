"""Mail services that keep European accounts apart, each at an address of its own."""

# Provider -> where its interface answers for accounts of the European Union, as Mailgun, SendGrid and SparkPost say.
EUROPEAN_ADDRESSES = {
    "mailgun": "https://api.eu.mailgun.net/v3/",
    "sendgrid": "https://api.eu.sendgrid.com/v3/",
    "sparkpost": "https://api.eu.sparkpost.com/api/v1/",
}
