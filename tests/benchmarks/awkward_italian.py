"""An Italian home with forty awkward but plausible names, and its commands.

Core's gazetteer knows no Italian: what it hears wrong is left to us.
"""

from typing import Final

from .awkward_home import AwkwardHome, thing

_LIGHTS: Final = (
    *(("Plafoniera", "la "), ("Abat-jour", "l'"), ("Applique", "l'"), ("Lanterna", "la ")),
    *(("Lampada di Beatrix", "la "), ("Faretti", "i "), ("Comodino di Giulia", "il ")),
    *(("Mensola", "la "), ("Nicchia", "la "), ("Scrivania di Noah", "la ")),
    *(("Angolo lettura", "l'"), ("Lampada di Ikea", "la "), ("Soppalco", "il ")),
    *(("Specchiera", "la "), ("Lavagna", "la "), ("Credenza", "la "), ("Quadro", "il ")),
)
_SWITCHES: Final = (
    *(("Congelatore", "il "), ("Nespresso", "la "), ("Bollitore", "il ")),
    *(("Scaldabagno", "lo "), ("Bimby", "il "), ("Termocoperta", "la ")),
    *(("Cantinetta", "la "), ("Scaldasalviette", "lo "), ("Friggitrice", "la ")),
    ("Umidificatore", "l'"),
)
_COVERS: Final = (("Lucernario", "il "), ("Pergola", "la "), ("Veneziana", "la "))

_THINGS: Final = (
    *(thing("light", name, article=article) for name, article in _LIGHTS),
    thing("light", "Cucina ovest", "Cucina", article="la "),
    thing("light", "Cucina est", "Cucina", article="la "),
    *(thing("switch", name, article=article) for name, article in _SWITCHES),
    *(thing("cover", name, article=article) for name, article in _COVERS),
    thing("cover", "Tenda da sole", "Loggia", article="la "),
    thing("fan", "Dyson", article="il "),
    thing("fan", "Ventilatore di Ulisse", article="il "),
    thing("lock", "Cancelletto", article="il "),
    thing("lock", "Botola", article="la "),
    thing("lock", "Portone", article="il "),
    thing("vacuum", "Roomba", article="", alias="Cenerentola"),
    thing("media_player", "Giradischi", article="il "),
)

_SAID: Final = {
    "light": (
        "Accendi {name}",
        "Spegni {name}",
        "Accendi {article}{name}",
        "Spegni {article}{name}",
        "Imposta la luminosità di {name} al 50 per cento",
    ),
    "switch": (
        "Accendi {name}",
        "Spegni {name}",
        "Accendi {article}{name}",
        "Spegni {article}{name}",
        "Mi accendi {article}{name}",
    ),
    "fan": (
        "Accendi {name}",
        "Spegni {name}",
        "Accendi {article}{name}",
        "Spegni {article}{name}",
        "Imposta {article}{name} al 30 per cento",
    ),
    "cover": (
        "Apri {name}",
        "Chiudi {name}",
        "Apri {article}{name}",
        "Chiudi {article}{name}",
        "Imposta la posizione di {name} al 40 per cento",
    ),
    "lock": (
        "Chiudi {name}",
        "Sblocca {name}",
        "Chiudi {article}{name}",
        "Sblocca {article}{name}",
        "Blocca {article}{name}",
    ),
    "vacuum": (
        "Avvia {name}",
        "Accendi {name}",
        "Riporta {name} alla base",
        "{name} torna alla base",
        "Riporta {name}",
    ),
    "media_player": (
        "Accendi {name}",
        "Accendi {article}{name}",
        "Metti in pausa {name}",
        "Metti in pausa {article}{name}",
        "Imposta il volume di {name} al 20 per cento",
    ),
}

ITALIAN: Final = AwkwardHome(
    language="it",
    locale="it-IT",
    percent="per cento",
    voices=("lp", "pc"),
    areas=("Loggia", "Ripostiglio", "Taverna", "Cucina", "Disimpegno"),
    floors={"Ammezzato": ("Loggia", "Ripostiglio"), "Seminterrato": ("Taverna",)},
    things=_THINGS,
    tuned=False,
    said=_SAID,
)
