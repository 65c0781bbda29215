<#
.EXAMPLE
  Invoke-RestMethod http://localhost:8188/prompt
#>
param(
    [string]$Server = $env:COMFYUI_URL,
    [string]$Token
)

$public = 'https://comfyui.datacrew.space'
$headers = @{
    'CF-Access-Client-Id'     = $env:CF_ACCESS_CLIENT_ID
    'CF-Access-Client-Secret' = $env:CF_ACCESS_CLIENT_SECRET
}

function Get-Comfy {
    param([string]$Path)
    Invoke-RestMethod -Uri "$public$Path" -Headers $headers
}

$stats = Get-Comfy '/system_stats'
$queue = Invoke-RestMethod ("{0}/queue" -f $public) -Headers @{ Authorization = "Bearer $Token" }
$id = (Invoke-RestMethod -Method Post `
    -Uri ($Server + '/prompt') `
    -Body (@{ prompt = $graph } | ConvertTo-Json)).prompt_id
$client = [System.Net.Http.HttpClient]::new()
$client.GetAsync("$public/history/$id").Result
Write-Host "see http://localhost:8188/view"
