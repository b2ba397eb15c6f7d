"""The regions that offer speech to text, by cloud. Azure may have added more since.

https://learn.microsoft.com/azure/ai-services/speech-service/regions (as of 2025-11-09) and
https://learn.microsoft.com/azure/ai-services/speech-service/sovereign-clouds (2025-08-07)
"""

from typing import Final

# fmt: off
PUBLIC_REGIONS: Final[tuple[str, ...]] = (
    "australiaeast", "brazilsouth", "canadacentral", "canadaeast", "centralindia", "centralus",
    "eastasia", "eastus", "eastus2", "francecentral", "germanywestcentral", "italynorth",
    "japaneast", "japanwest", "koreacentral", "northcentralus", "northeurope", "norwayeast",
    "qatarcentral", "southafricanorth", "southcentralus", "southeastasia", "swedencentral",
    "switzerlandnorth", "switzerlandwest", "uaenorth", "uksouth", "ukwest", "westcentralus",
    "westeurope", "westus", "westus2", "westus3",
)

US_GOVERNMENT_REGIONS: Final[tuple[str, ...]] = ("usgovarizona", "usgovvirginia")

CHINA_REGIONS: Final[tuple[str, ...]] = ("chinaeast2", "chinanorth2", "chinanorth3")
# fmt: on
