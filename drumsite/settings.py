"""Every setting of drumsite, for every place: differences come from environment variables alone.

Each setting is read, cast and defaulted on one line. Secrets can come from files (``SECRET_KEY_FILE``).
``.env.example`` lists each variable with its meaning.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
environ.Env.read_env(env.str("DOTENV", default=str(BASE_DIR / ".env")), overwrite=False)

# --- The place: one machine (embedded) or many (production) -------------------------------------------
INSECURE_SECRET_KEY = "insecure-key-of-the-embedded-mode-never-use-it-in-production"
PRODUCTION = env.bool("PRODUCTION", default=False)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="" if PRODUCTION else INSECURE_SECRET_KEY).strip()
if PRODUCTION and (not SECRET_KEY or SECRET_KEY == INSECURE_SECRET_KEY):
    raise ImproperlyConfigured("SECRET_KEY (or SECRET_KEY_FILE) must be set in production.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
(VAR_DIR / "uploads").mkdir(parents=True, exist_ok=True)  # Django checks at start that it is there

INSTALLED_APPS = [
    "drumsite",  # first: it makes the broker before the admin imports an actor
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "accounts",
    "media",
    "notation",
    "enrichment",
    "transcription",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "drumsite.observability.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "drumsite.errors.DrumErrorMiddleware",
]

ROOT_URLCONF = "drumsite.urls"
ASGI_APPLICATION = "drumsite.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Database ---
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR}/drumsite.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at once: two writers wait for each other instead of failing half-way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Queue and websocket layer ---
REDIS_URL = env.str("REDIS_URL", default="")  # empty: the queue and the websocket layer live in this process
EMBEDDED_WORKER = env.bool("EMBEDDED_WORKER", default=not REDIS_URL)
QUEUE_NAMESPACE = env.str("QUEUE_NAMESPACE", default="drumsite")
LEASE_S = env.int("LEASE_S", default=30)  # a stage whose heartbeat is older is taken over
SWEEP_EVERY_S = env.int("SWEEP_EVERY_S", default=10)
STAGE_ATTEMPTS = env.int("STAGE_ATTEMPTS", default=3)
REUSE_ACROSS_USERS = env.bool("REUSE_ACROSS_USERS", default=True)  # of equal files; see docs/operations.md
STAGE_TIME_LIMIT_S = env.int("STAGE_TIME_LIMIT_S", default=1800)
WORKER_THREADS = env.int("WORKER_THREADS", default=0)  # a child's; 0: half the cores
WORKER_DEVICE = env.str("WORKER_DEVICE", default="auto")  # auto, cpu, cuda, cuda:1 or mps
DETECT_DEVICE = env.str("DETECT_DEVICE", default=WORKER_DEVICE)
SEPARATE_DEVICE = env.str("SEPARATE_DEVICE", default=WORKER_DEVICE)
WORKER_MEMORY_MB = env.float("WORKER_MEMORY_MB", default=6000)  # a child with more is replaced; 0: never
MODEL_IDLE_S = env.float("MODEL_IDLE_S", default=300)  # then networks are let go, if …
MEMORY_SHORT_MB = env.float("MEMORY_SHORT_MB", default=1000)  # … less memory than this is left; 0: never
MODEL_DIR = Path(env.str("MODEL_DIR", default=str(VAR_DIR / "models")))
MODEL_FETCH = env.bool("MODEL_FETCH", default=True)  # off: what is not in MODEL_DIR is not there
MODEL_MIRROR_URL = env.str("MODEL_MIRROR_URL", default="").strip()
MODEL_URI = env.str("MODEL_URI", default="").strip()  # a network of one's own for the engine keras-cnn
MODEL_URI_SHA256 = env.str("MODEL_URI_SHA256", default="").strip().lower()
OWN_SEPARATORS = env.str("OWN_SEPARATORS", default="")  # NAME=URI#sha256=DIGITS, several by spaces
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{QUEUE_NAMESPACE}-channels"},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Drawings of scores, some 80 KB each; apart, so that they push nothing else out.
    "scores": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "scores",
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "scores",
        "OPTIONS": {"MAX_ENTRIES": 300},
    },
}

# --- Scores ---
PDF_BACKEND = env.str("PDF_BACKEND", default="verovio")  # verovio, lilypond (if its wheel is there) or none
SCORE_FILE_MAX_MB = env.int("SCORE_FILE_MAX_MB", default=20)  # a chart that somebody imports
SCORE_BODY_MAX_MB = env.int("SCORE_BODY_MAX_MB", default=8)  # a score or a list of events as JSON

# --- Files ---
STORAGE_URL = env.str(
    "STORAGE_URL", default=""
)  # s3://KEY:SECRET@HOST:PORT/BUCKET?region=…; empty: var/media
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))
X_ACCEL_PREFIX = env.str("X_ACCEL_PREFIX", default="")  # internal nginx location that maps to MEDIA_ROOT
UPLOAD_MAX_MB = env.int("UPLOAD_MAX_MB", default=200)
BATCH_MAX_MB = env.int("BATCH_MAX_MB", default=1000)  # of several songs sent at once, packed and unpacked
BATCH_MAX_FILES = env.int("BATCH_MAX_FILES", default=50)
DATA_UPLOAD_MAX_NUMBER_FILES = (
    BATCH_MAX_FILES + 1
)  # Django's own words are for nobody: one more, and ours come
RECORDING_MIN_S = env.float("RECORDING_MIN_S", default=1.0)
RECORDING_MAX_S = env.float("RECORDING_MAX_S", default=1800.0)
LINK_IMPORTS = env.bool("LINK_IMPORTS", default=True)  # whether songs are fetched from links
LINK_ALLOWED_NETWORKS = env.list(
    "LINK_ALLOWED_NETWORKS", default=[]
)  # private ones, or hosts, that may be visited
LINK_ALLOWED_PORTS = env.list("LINK_ALLOWED_PORTS", cast=int, default=[80, 443])
LINK_TIME_LIMIT_S = env.float("LINK_TIME_LIMIT_S", default=600.0)
LINK_IMPORTS_AT_ONCE = env.int("LINK_IMPORTS_AT_ONCE", default=10)  # of one person, waiting or being fetched
RETENTION_DAYS = env.int("RETENTION_DAYS", default=30)  # soft-deleted material is really deleted after this
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "uploads"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024


def _s3_options(url: str) -> dict[str, object]:
    """Turn ``s3://KEY:SECRET@HOST:PORT/BUCKET?region=R&tls=0`` into options of django-storages."""
    parts = environ.Env.db_url_config(url.replace("s3://", "postgres://", 1))
    options = parts.get("OPTIONS", {})
    scheme = "http" if str(options.get("tls", "1")) in {"0", "False", "false"} else "https"
    port = f":{parts['PORT']}" if parts.get("PORT") else ""
    return {
        "access_key": parts["USER"],
        "secret_key": parts["PASSWORD"],
        "bucket_name": parts["NAME"],
        "endpoint_url": f"{scheme}://{parts['HOST']}{port}",
        "region_name": options.get("region", "us-east-1"),
        "querystring_auth": True,
        "querystring_expire": 300,
        "default_acl": None,
        "file_overwrite": False,
        "signature_version": "s3v4",
        "addressing_style": "path",
    }


STORAGES = {
    "default": {"BACKEND": "media.s3.PrivateS3Storage", "OPTIONS": _s3_options(STORAGE_URL)}
    if STORAGE_URL
    else {"BACKEND": "media.storage.PrivateFileStorage"},
    "staticfiles": {"BACKEND": "drumsite.static_storage.HashedStaticFiles"}
    if PRODUCTION
    else {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION  # else a file edited under a running server is sent cut off
if not PRODUCTION:
    STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns when it is missing

# --- Accounts ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "accounts.backends.RoleBackend",  # what moderators and admins may do on the admin pages
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", default="mandatory" if PRODUCTION else "optional")
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[drumsite] "
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_CHANGE_EMAIL = True  # one address an account: a new one replaces the old when it is confirmed
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
# Proxies in front of us that set X-Forwarded-For; what they did not write there is not believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1 if PRODUCTION else 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="drumsite <noreply@localhost>")

# --- API ---
API_RATES = {
    "anon": env.str("API_RATE_ANON", default="60/min"),
    "user": env.str("API_RATE_USER", default="600/min"),
    "premium": env.str("API_RATE_PREMIUM", default="1800/min"),
    "moderator": env.str("API_RATE_MODERATOR", default="3600/min"),
    "admin": env.str("API_RATE_ADMIN", default="3600/min"),
    "auth": env.str("API_RATE_AUTH", default="20/min"),
    "writing": env.str("API_RATE_WRITING", default="60/min"),  # files written from scores, and read into them
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.JWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "accounts.json_parser.CarefulJSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "drumsite.pagination.PageNumbers",
    "PAGE_SIZE": 20,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttling.RoleRateThrottle"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "EXCEPTION_HANDLER": "drumsite.errors.api_exception_handler",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": True,
    "CHECK_REVOKE_TOKEN": True,  # a new password ends every token
}
SPECTACULAR_SETTINGS = {
    "TITLE": "drumsite API",
    "DESCRIPTION": "A song in, a drum score out.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "ENUM_NAME_OVERRIDES": {
        "RevisionKindEnum": "notation.models.Revision.Kind",
        "RecordingStateEnum": "media.models.Recording.State",
        "LinkStateEnum": "media.models.LinkImport.State",
        "BatchStatusEnum": "transcription.models.Batch.Status",
    },
}

# --- Language, time, logs ---
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING_CONFIG = "drumsite.observability.configure_logging"
LOGGING = LOG_LEVEL  # handed to LOGGING_CONFIG as it is

# --- Security ---
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/", "/api/docs/"],
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Verovio's SVG carries style attributes.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"]
        + ([_s3_options(STORAGE_URL)["endpoint_url"]] if STORAGE_URL else []),
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
    },
}
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^api/v1/(health|ready)$"]  # probes come over plain HTTP
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
