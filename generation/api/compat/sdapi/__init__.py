"""`/sdapi/v1`: the words of Stable Diffusion WebUI's API (AUTOMATIC1111, Forge, SD.Next)."""
