"""Mail services that keep European accounts apart, each at an address of its own. Knows neither anymail nor a database."""

# Provider -> where its interface answers for accounts of the European Union: documented by Mailgun, SendGrid, SparkPost.
EUROPEAN_ADDRESSES = {
    "mailgun": "https://api.eu.mailgun.net/v3/",
    "sendgrid": "https://api.eu.sendgrid.com/v3/",
    "sparkpost": "https://api.eu.sparkpost.com/api/v1/",
}
